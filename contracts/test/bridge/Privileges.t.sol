// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {FlowLimits, IBrakes} from "../../src/common/IBrakes.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Payment} from "../../src/common/Payments.sol";
import {Batch, Kind, Message} from "../../src/common/Protocol.sol";
import {QuorumEcdsa} from "../../src/common/QuorumEcdsa.sol";
import {IHomeGateway} from "../../src/home/IHomeGateway.sol";
import {IWrappedJGB} from "../../src/remote/IWrappedJGB.sol";
import {RemoteGateway} from "../../src/remote/RemoteGateway.sol";
import {WrappedJGB} from "../../src/remote/WrappedJGB.sol";
import {Bridge} from "../Bridge.sol";
import {SignerSet, Signers} from "../Signers.sol";

/// @notice What a stranger can do with every function there is, and what a message can change: nothing it should not.
contract PrivilegesTest is Bridge {
    using Signers for SignerSet;

    uint64 private constant FIRST = 2; // nonce behind the two announcements

    /// @dev What a stranger's call of each function that writes must revert with.
    struct Entry {
        string name;
        bytes call;
        bytes4 refusal;
    }

    function setUp() external {
        deployBridge(Signers.make(4, 3, "operators"));
    }

    // --- Every function ---

    function test_every_entry_of_the_home_gateway_refuses_a_stranger() external {
        Entry[] memory entries = new Entry[](14);
        _fillCommon(entries, REMOTE, HOME);
        entries[9] = Entry("lock", abi.encodeCall(home.lock, (address(bond), LOT, REMOTE, BOB, "")), _noAllowance());
        entries[10] = Entry(
            "announce", abi.encodeCall(home.announce, (address(bond), REMOTE, CAP)), IHomeGateway.NotRegistrar.selector
        );
        entries[11] = Entry("rotate", abi.encodeCall(home.rotate, (REMOTE, 0, 2, 3, "")), IGateway.NotGovernor.selector);
        entries[12] =
            Entry("openRoute", abi.encodeCall(home.openRoute, (99, STRANGER, 1, 1, 1)), IGateway.NotGovernor.selector);
        entries[13] =
            Entry("setLockLimit", abi.encodeCall(home.setLockLimit, (REMOTE, 0)), IGateway.NotGovernor.selector);
        _assertAllRefuse("HomeGateway", address(home), HOME, entries);
    }

    function test_every_entry_of_a_remote_gateway_refuses_a_stranger() external {
        RemoteGateway gateway = remotes[REMOTE];
        Entry[] memory entries = new Entry[](11);
        _fillCommon(entries, HOME, REMOTE);
        entries[9] = Entry(
            "burn",
            abi.encodeCall(gateway.burn, (address(bond), LOT, BOB, "")),
            bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)"))
        );
        entries[10] = Entry("setCap", abi.encodeCall(gateway.setCap, (address(bond), 0)), IGateway.NotGovernor.selector);
        _assertAllRefuse("RemoteGateway", address(gateway), REMOTE, entries);
    }

    function test_every_entry_of_a_committee_refuses_a_stranger() external {
        ICommittee committee = remotes[REMOTE].COMMITTEE();
        Entry[] memory entries = new Entry[](4);
        entries[0] =
            Entry("schedule", abi.encodeCall(committee.schedule, (0, 2, 3, "")), ICommittee.NotScheduler.selector);
        entries[1] = Entry("veto", abi.encodeCall(committee.veto, (2)), ICommittee.NotGuardian.selector);
        entries[2] = Entry("replace", abi.encodeCall(committee.replace, (1, "")), ICommittee.NotGovernor.selector);
        entries[3] = Entry("revoke", abi.encodeCall(committee.revoke, (1)), ICommittee.NotGovernor.selector);
        _assertRefuse(address(committee), REMOTE, entries);
        string[] memory known = _names(entries, 1);
        known[4] = "settle"; // writes down what time has decided, for anyone
        _assertKnown("EcdsaCommittee", known);
    }

    function test_nobody_but_the_gateway_can_change_a_wrapped_supply() external {
        WrappedJGB wrapped = wrappedOf(bond, REMOTE);
        Entry[] memory entries = new Entry[](3);
        bytes4 refusal = IWrappedJGB.NotGateway.selector;
        entries[0] = Entry("crosschainMint", abi.encodeCall(wrapped.crosschainMint, (BOB, 1)), refusal);
        entries[1] = Entry("crosschainBurn", abi.encodeCall(wrapped.crosschainBurn, (BOB, 0)), refusal);
        entries[2] =
            Entry("crosschainMintMany", abi.encodeCall(wrapped.crosschainMintMany, (new Payment[](0))), refusal);
        _assertRefuse(address(wrapped), REMOTE, entries);
        string[] memory known = _names(entries, 4);
        (known[3], known[4], known[5], known[6]) = ("transfer", "transferFrom", "approve", "permit"); // holders' own
        _assertKnown("WrappedJGB", known);
    }

    // --- Every message ---

    /// @dev Whatever a quorum signs: committees, caps, bonds and routes change by the kinds made for it alone.
    function test_no_message_changes_signers_owners_or_limits(Message memory message, uint8 kind, bool own) external {
        message.kind = kind % 8;
        message.nonce = FIRST;
        if (own) message.asset = address(bond);
        vm.assume(message.kind != Kind.ANNOUNCE && message.kind != Kind.COMMITTEE);
        bytes32 before = _rulesOf(message);
        vm.record();
        deliver(HOME, REMOTE, message);
        (, bytes32[] memory writes) = vm.accesses(address(remotes[REMOTE].COMMITTEE()));
        vm.assertEq(writes.length, 0, "the committee");
        vm.assertEq(_rulesOf(message), before, "the rules");
    }

    function test_no_message_changes_anything_of_that_kind_at_home(Message memory message, uint8 kind, bool own)
        external
    {
        message.kind = kind % 8;
        message.nonce = 0;
        if (own) message.asset = address(bond);
        bytes32 before = _rulesAtHome(message);
        vm.record();
        deliver(REMOTE, HOME, message);
        (, bytes32[] memory writes) = vm.accesses(address(homeCommittee));
        vm.assertEq(writes.length, 0, "the committee");
        vm.assertEq(_rulesAtHome(message), before, "the rules");
    }

    function _rulesOf(Message memory message) private view returns (bytes32) {
        RemoteGateway gateway = remotes[REMOTE];
        (address counterpart, uint32 window, uint32 maxBatch) = gateway.route(HOME);
        bytes memory owners =
            abi.encode(gateway.GOVERNOR(), gateway.COMMITTEE(), gateway.HOME_GATEWAY(), gateway.RETURN_DELAY());
        bytes memory bonds = abi.encode(
            gateway.wrappedOf(address(bond)),
            gateway.wrappedOf(message.asset),
            gateway.assetOf(bondTerms().isin),
            gateway.capOf(address(bond)),
            gateway.capOf(message.asset),
            wrappedOf(bond, REMOTE).GATEWAY()
        );
        return keccak256(abi.encode(owners, bonds, counterpart, window, maxBatch, activeEpoch(REMOTE)));
    }

    function _rulesAtHome(Message memory message) private view returns (bytes32) {
        (address counterpart, uint32 window, uint32 maxBatch) = home.route(REMOTE);
        bytes memory owners = abi.encode(home.GOVERNOR(), home.REGISTRAR(), home.COMMITTEE(), home.RETURN_DELAY());
        bytes memory bonds = abi.encode(
            home.isAnnounced(REMOTE, message.asset),
            home.assetOf(bondTerms().isin),
            bond.ISSUER(),
            home.locked(REMOTE2, address(bond))
        );
        return keccak256(abi.encode(owners, bonds, counterpart, window, maxBatch, activeEpoch(HOME)));
    }

    // --- Enumeration ---

    function _fillCommon(Entry[] memory entries, uint256 source, uint256 destination) private view {
        IGateway gateway = gateways[destination];
        Message[] memory messages = only(transferOf(FIRST, address(bond), ALICE, STRANGER, LOT));
        Batch memory batch = batchOf(source, destination, messages);
        bytes4 refusal = QuorumEcdsa.SignatureCount.selector;
        entries[0] = Entry("deliver", abi.encodeCall(gateway.deliver, (batch, messages, "")), refusal);
        entries[1] = Entry(
            "deliverOne", abi.encodeCall(gateway.deliverOne, (batch, messages[0], new bytes32[](0), "")), refusal
        );
        refusal = IGateway.NotHeld.selector;
        entries[2] = Entry("retry", abi.encodeCall(gateway.retry, (source, messages[0])), refusal);
        entries[3] = Entry("sendBack", abi.encodeCall(gateway.sendBack, (source, messages[0])), refusal);
        refusal = IBrakes.NotPermitted.selector;
        entries[4] = Entry("veto", abi.encodeCall(gateway.veto, (source, messages[0])), refusal);
        entries[5] = Entry("pause", abi.encodeCall(gateway.pause, (source, new address[](1), 3, 1)), refusal);
        refusal = IGateway.NotGovernor.selector;
        entries[6] = Entry("resume", abi.encodeCall(gateway.resume, (source, address(bond), 3)), refusal);
        entries[7] = Entry(
            "setFlowLimits",
            abi.encodeCall(gateway.setFlowLimits, (source, address(bond), FlowLimits(1, 1, 1))),
            refusal
        );
        entries[8] = Entry("setGuardian", abi.encodeCall(gateway.setGuardian, (STRANGER, 3)), refusal);
    }

    function _assertAllRefuse(string memory name, address target, uint256 chain, Entry[] memory entries) private {
        _assertRefuse(target, chain, entries);
        _assertKnown(name, _names(entries, 0));
    }

    function _assertRefuse(address target, uint256 chain, Entry[] memory entries) private {
        vm.chainId(chain);
        for (uint256 i = 0; i < entries.length; ++i) {
            vm.prank(STRANGER);
            (bool done, bytes memory answer) = target.call(entries[i].call);
            vm.assertFalse(done, entries[i].name);
            vm.assertEq(bytes32(bytes4(answer)), bytes32(entries[i].refusal), entries[i].name);
        }
    }

    /// @dev Every function of the compiled contract that may write is among `known`, and all of these exist.
    function _assertKnown(string memory name, string[] memory known) private view {
        string memory json = vm.readFile(string.concat("out/", name, ".sol/", name, ".json"));
        uint256 writing = 0;
        for (uint256 i = 0;; ++i) {
            string memory at = string.concat(".abi[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, at)) break;
            if (!_mayWrite(json, at)) continue;
            string memory entry = vm.parseJsonString(json, string.concat(at, ".name"));
            vm.assertTrue(_contains(known, entry), string.concat(name, ".", entry, " is unknown to this test"));
            ++writing;
        }
        vm.assertEq(writing, known.length, "functions that write");
    }

    function _mayWrite(string memory json, string memory at) private view returns (bool) {
        bytes32 kind = keccak256(bytes(vm.parseJsonString(json, string.concat(at, ".type"))));
        if (kind == keccak256("receive") || kind == keccak256("fallback")) return true;
        if (kind != keccak256("function")) return false;
        bytes32 mutability = keccak256(bytes(vm.parseJsonString(json, string.concat(at, ".stateMutability"))));
        return mutability != keccak256("view") && mutability != keccak256("pure");
    }

    function _names(Entry[] memory entries, uint256 more) private pure returns (string[] memory names) {
        names = new string[](entries.length + more);
        for (uint256 i = 0; i < entries.length; ++i) {
            names[i] = entries[i].name;
        }
    }

    function _contains(string[] memory names, string memory name) private pure returns (bool) {
        for (uint256 i = 0; i < names.length; ++i) {
            if (keccak256(bytes(names[i])) == keccak256(bytes(name))) return true;
        }
        return false;
    }

    function _noAllowance() private pure returns (bytes4) {
        return bytes4(keccak256("ERC20InsufficientAllowance(address,uint256,uint256)"));
    }
}

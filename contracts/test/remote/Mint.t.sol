// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../../src/common/BondTerms.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Kind, Message, Reason} from "../../src/common/Protocol.sol";
import {IRemoteGateway} from "../../src/remote/IRemoteGateway.sol";
import {RemoteGateway} from "../../src/remote/RemoteGateway.sol";
import {WrappedJGB} from "../../src/remote/WrappedJGB.sol";
import {Bridge} from "../Bridge.sol";
import {Signers} from "../Signers.sol";
import {Vm} from "../Vm.sol";

/// @notice What arrives on a public chain: announcements and mints, executed or HELD.
contract MintTest is Bridge {
    uint64 private constant FIRST = 2; // nonce behind the two announcements

    RemoteGateway private gateway;
    WrappedJGB private wrapped;

    function setUp() external {
        deployBridge(Signers.make(4, 3, "operators"));
        gateway = remotes[REMOTE];
        wrapped = wrappedOf(bond, REMOTE);
    }

    // --- Mints ---

    function test_a_lock_mints_on_its_chain_and_nowhere_else() external {
        bytes32 leaf = lock(bond, ALICE, 3 * LOT, REMOTE, BOB);
        vm.expectEmit(address(gateway));
        emit IGateway.Executed(leaf, HOME, FIRST);
        _deliverSent(FIRST, 1);
        vm.assertEq(wrapped.balanceOf(BOB), 3 * LOT, "minted");
        vm.assertEq(wrapped.totalSupply(), 3 * LOT, "supply");
        vm.assertEq(wrappedOf(bond, REMOTE2).totalSupply(), 0, "other chain");
        vm.assertEq(wrappedOf(bill, REMOTE).totalSupply(), 0, "other bond");
        vm.assertTrue(gateway.isConsumed(HOME, FIRST), "consumed");
        (uint128 highestTotal, uint128 settled) = gateway.received(HOME, address(bond));
        vm.assertTrue(highestTotal == 3 * LOT && settled == 3 * LOT, "received");
    }

    function test_a_delivery_tells_what_a_quorum_signed() external {
        lock(bond, ALICE, LOT, REMOTE, BOB);
        Message[] memory messages = sentFrom(HOME, REMOTE, FIRST, 1);
        bytes32 root = leafOf(HOME, REMOTE, messages[0]);
        uint64 height = uint64(vm.getBlockNumber());
        vm.expectEmit(address(gateway));
        emit IGateway.Delivered(HOME, 1, FIRST, 1, height, root);
        deliver(HOME, REMOTE, messages);
    }

    function test_a_message_delivered_twice_mints_once() external {
        lock(bond, ALICE, LOT, REMOTE, BOB);
        for (uint256 i = 0; i < 3; ++i) {
            _deliverSent(FIRST, 1);
        }
        deliverOne(HOME, REMOTE, sentFrom(HOME, REMOTE, FIRST, 1), 0);
        vm.assertEq(wrapped.totalSupply(), LOT, "supply");
    }

    /// @dev Any pieces in any order, some of them twice, end in the same place.
    function test_messages_may_come_in_any_order_and_pieces(uint256 seed) external {
        for (uint256 i = 0; i < 10; ++i) {
            lock(bond, ALICE, (i + 1) * LOT, REMOTE, address(uint160(1_000 + i)));
        }
        for (uint256 i = 0; i < 12; ++i) {
            uint256 first = FIRST + (seed >> 16 * i) % 10;
            uint256 count = 1 + (seed >> 16 * i + 8) % (FIRST + 10 - first);
            if ((seed >> 16 * i + 12) % 2 == 0) _deliverSent(first, count);
            else deliverOne(HOME, REMOTE, sentFrom(HOME, REMOTE, FIRST, 10), first - FIRST);
        }
        _deliverSent(FIRST, 10);
        for (uint256 i = 0; i < 10; ++i) {
            vm.assertEq(wrapped.balanceOf(address(uint160(1_000 + i))), (i + 1) * LOT, "minted once");
        }
        vm.assertEq(wrapped.totalSupply(), 55 * LOT, "supply");
    }

    function test_a_whole_batch_of_128_mints_across_a_word_of_nonces() external {
        vm.roll(vm.getBlockNumber() + 1);
        for (uint256 i = 0; i < 256; ++i) {
            lock(bond, ALICE, LOT, REMOTE, address(uint160(1_000 + i)));
        }
        _deliverSent(FIRST + 128, 128);
        vm.assertEq(wrapped.totalSupply(), 128 * LOT, "supply");
        _deliverSent(FIRST + 64, 128);
        vm.assertEq(wrapped.totalSupply(), 192 * LOT, "only the fresh half");
        _deliverSent(FIRST + 128, 128);
        vm.assertEq(wrapped.totalSupply(), 192 * LOT, "nothing again, in neither word");
        for (uint64 nonce = 0; nonce < 300; ++nonce) {
            bool sent_ = nonce < FIRST || (nonce >= FIRST + 64 && nonce < FIRST + 256);
            vm.assertTrue(gateway.isConsumed(HOME, nonce) == sent_, "consumed");
        }
    }

    function test_a_batch_may_mix_bonds() external {
        lock(bond, ALICE, LOT, REMOTE, BOB);
        lock(bill, ALICE, 2 * LOT, REMOTE, BOB);
        lock(bond, ALICE, 3 * LOT, REMOTE, STRANGER);
        lock(bond, ALICE, 4 * LOT, REMOTE, BOB);
        _deliverSent(FIRST, 4);
        vm.assertEq(wrapped.balanceOf(BOB), 5 * LOT, "bonds");
        vm.assertEq(wrapped.balanceOf(STRANGER), 3 * LOT, "bonds");
        vm.assertEq(wrappedOf(bill, REMOTE).balanceOf(BOB), 2 * LOT, "bills");
    }

    function test_each_of_a_batch_can_be_delivered_alone(uint8 count, uint8 index) external {
        count = uint8(bound(count, 1, 20));
        index %= count;
        for (uint256 i = 0; i < count; ++i) {
            lock(bond, ALICE, LOT, REMOTE, address(uint160(1_000 + i)));
        }
        deliverOne(HOME, REMOTE, sentFrom(HOME, REMOTE, FIRST, count), index);
        vm.assertEq(wrapped.balanceOf(address(uint160(1_000 + index))), LOT, "minted");
        vm.assertEq(wrapped.totalSupply(), LOT, "alone");
        _deliverSent(FIRST, count);
        vm.assertEq(wrapped.totalSupply(), count * LOT, "then the rest");
    }

    // --- Held mints ---

    function test_a_mint_above_the_cap_is_held_and_the_rest_minted() external {
        _setCap(5 * LOT);
        lock(bond, ALICE, 3 * LOT, REMOTE, BOB);
        lock(bond, ALICE, 3 * LOT, REMOTE, BOB);
        lock(bond, ALICE, 2 * LOT, REMOTE, BOB);
        lock(bill, ALICE, 9 * LOT, REMOTE, BOB);
        _deliverSent(FIRST, 4);
        vm.assertEq(wrapped.totalSupply(), 5 * LOT, "up to the cap");
        vm.assertEq(wrappedOf(bill, REMOTE).totalSupply(), 9 * LOT, "another bond, another cap");
        _assertHeld(FIRST + 1, Reason.CAP);
    }

    function test_a_cap_below_the_supply_holds_whatever_comes() external {
        lock(bond, ALICE, 3 * LOT, REMOTE, BOB);
        _deliverSent(FIRST, 1);
        _setCap(LOT);
        lock(bond, ALICE, LOT, REMOTE, BOB);
        _deliverSent(FIRST + 1, 1);
        _assertHeld(FIRST + 1, Reason.CAP);
    }

    function test_a_mint_of_an_unannounced_bond_is_held_and_the_rest_minted() external {
        _assertHeldAmongOthers(transferOf(FIRST, STRANGER, ALICE, BOB, LOT), Reason.ASSET_UNKNOWN);
        _assertHeldNext(transferOf(FIRST + 3, address(0), ALICE, BOB, 0), Reason.ASSET_UNKNOWN);
    }

    function test_a_mint_for_nobody_the_gateway_or_the_token_is_held() external {
        _assertHeldAmongOthers(transferOf(FIRST, address(bond), ALICE, address(0), LOT), Reason.RECIPIENT_INVALID);
        _assertHeldNext(transferOf(FIRST + 3, address(bond), ALICE, address(gateway), LOT), Reason.RECIPIENT_INVALID);
        _assertHeldNext(transferOf(FIRST + 4, address(bond), ALICE, address(wrapped), LOT), Reason.RECIPIENT_INVALID);
    }

    function test_a_mint_above_what_home_says_it_sent_is_held() external {
        Message memory message = transferOf(FIRST, address(bond), ALICE, BOB, 2 * LOT);
        message.runningTotal = 2 * LOT - 1;
        _assertHeldAmongOthers(message, Reason.TOTAL_EXCEEDED);
    }

    function test_a_mint_that_no_gateway_can_have_sent_is_held() external {
        Message memory message = transferOf(FIRST, address(bond), ALICE, BOB, 0);
        (message.amount, message.runningTotal) = (type(uint128).max, type(uint128).max);
        _assertHeldAmongOthers(message, Reason.NOT_SENDABLE);
        message = transferOf(FIRST + 3, address(bond), ALICE, BOB, LOT);
        message.data = new bytes(513);
        _assertHeldNext(message, Reason.NOT_SENDABLE);
    }

    function test_an_unknown_kind_is_held(uint8 kind) external {
        vm.assume(kind == 0 || kind > Kind.COMMITTEE);
        Message memory message = transferOf(FIRST, address(bond), ALICE, BOB, LOT);
        message.kind = kind;
        _assertHeldAmongOthers(message, Reason.KIND_UNKNOWN);
    }

    function test_a_return_of_nothing_is_held(bytes calldata data) external {
        Message memory message = transferOf(FIRST, address(bond), ALICE, BOB, LOT);
        (message.kind, message.data) = (Kind.RETURN, data);
        _assertHeldAmongOthers(message, Reason.RETURN_UNMATCHED);
    }

    /// @dev Malformed data included: what a quorum has signed never reverts, it is executed or held.
    function test_no_message_reverts_its_delivery(Message memory message, bool known, uint8 kind) external {
        message.nonce = FIRST;
        message.kind = kind < 250 ? kind % 6 : kind;
        if (known) message.asset = address(bond);
        deliver(HOME, REMOTE, message);
        vm.assertTrue(gateway.isConsumed(HOME, FIRST), "consumed");
    }

    /// @dev The same, with data of the right length and half-right content.
    function test_no_announcement_rotation_or_return_reverts_its_delivery(
        uint256[12] memory words,
        uint8 kind,
        uint16 length
    ) external {
        Message memory message = transferOf(FIRST, address(bond), ALICE, BOB, LOT);
        message.kind = Kind.RETURN + kind % 3;
        (bytes32 setHash,,) = gateway.COMMITTEE().setOf(1);
        for (uint256 i = 0; i < 12; ++i) {
            if (words[i] % 3 == 0) words[i] >>= 192 + words[i] % 64;
        }
        if (words[0] % 2 == 0) words[0] = uint256(setHash);
        if (words[1] % 2 == 0) words[1] = 2;
        bytes memory data = abi.encodePacked(words);
        length = length % 2 == 0 ? 256 : length % 385; // an announcement has 256 bytes
        assembly ("memory-safe") {
            mstore(data, length)
        }
        message.data = data;
        deliver(HOME, REMOTE, message);
        vm.assertTrue(gateway.isConsumed(HOME, FIRST), "consumed");
    }

    // --- Announcements ---

    function test_an_announcement_deploys_the_wrapped_token() external view {
        vm.assertEq(abi.encode(wrapped.terms()), abi.encode(bondTerms()), "terms");
        vm.assertEq(wrapped.GATEWAY(), address(gateway), "gateway");
        vm.assertEq(wrapped.HOME_ASSET(), address(bond), "home asset");
        vm.assertEq(wrapped.HOME_CHAIN(), HOME, "home chain");
        vm.assertEq(gateway.capOf(address(bond)), CAP, "cap");
        vm.assertEq(gateway.assetOf(bondTerms().isin), address(bond), "asset of its ISIN");
    }

    function test_a_wrapped_token_has_a_derived_address() external view {
        bytes32 salt = keccak256(abi.encode(HOME, address(home), address(bond)));
        bytes memory creation =
            abi.encodePacked(type(WrappedJGB).creationCode, abi.encode(HOME, address(bond), bondTerms()));
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", address(gateway), salt, keccak256(creation)));
        vm.assertEq(address(wrapped), address(uint160(uint256(hash))), "address");
    }

    function test_a_second_announcement_of_a_bond_or_an_isin_is_held() external {
        _assertHeldAmongOthers(_announcement(FIRST, address(bond), _terms("JP1103521JA8")), Reason.TERMS_CONFLICT);
        _assertHeldNext(_announcement(FIRST + 3, STRANGER, bondTerms()), Reason.TERMS_CONFLICT);
        vm.assertEq(address(wrappedOf(bond, REMOTE)), address(wrapped), "the first one stays");
        vm.assertEq(gateway.wrappedOf(STRANGER), address(0), "the second one is none");
    }

    function test_an_announcement_with_invalid_terms_is_held() external {
        _assertHeldAmongOthers(_announcement(FIRST, STRANGER, _terms("JP1103521JA9")), Reason.TERMS_INVALID);
        _assertHeldNext(_announcement(FIRST + 3, address(0), _terms("JP1103521JA8")), Reason.TERMS_INVALID);
        Message memory short = _announcement(FIRST + 4, STRANGER, _terms("JP1103521JA8"));
        short.data = abi.encode(_terms("JP1103521JA8"));
        _assertHeldNext(short, Reason.TERMS_INVALID);
    }

    function test_an_announcement_in_the_middle_of_a_batch_counts_from_there_on() external {
        Message[] memory messages = new Message[](3);
        messages[0] = transferOf(FIRST, STRANGER, ALICE, BOB, LOT);
        messages[1] = _announcement(FIRST + 1, STRANGER, _terms("JP1103521JA8"));
        messages[2] = transferOf(FIRST + 2, STRANGER, ALICE, BOB, LOT);
        deliver(HOME, REMOTE, messages);
        vm.assertEq(WrappedJGB(gateway.wrappedOf(STRANGER)).totalSupply(), LOT, "minted");
        (,, uint8 reason) = gateway.held(leafOf(HOME, REMOTE, messages[0]));
        vm.assertEq(reason, Reason.ASSET_UNKNOWN, "the first one came too early");
    }

    // --- Governor ---

    function test_only_the_governor_sets_a_cap_of_a_known_bond() external {
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotGovernor.selector, GUARDIAN));
        gateway.setCap(address(bond), 1);
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IRemoteGateway.AssetUnknown.selector, STRANGER));
        gateway.setCap(STRANGER, 1);
        vm.expectEmit(address(gateway));
        emit IRemoteGateway.CapSet(address(bond), 7);
        _setCap(7);
        vm.assertEq(gateway.capOf(address(bond)), 7, "cap");
    }

    function test_a_gateway_knows_its_one_route() external view {
        (address counterpart, uint32 window, uint32 maxBatch) = gateway.route(HOME);
        vm.assertTrue(counterpart == address(home) && window == 1 && maxBatch == 128, "home");
        (counterpart, window, maxBatch) = gateway.route(REMOTE2);
        vm.assertTrue(counterpart == address(0) && window == 0 && maxBatch == 0, "no other");
    }

    function test_a_gateway_is_not_made_of_wrong_parts() external {
        ICommittee committee = gateway.COMMITTEE();
        vm.chainId(REMOTE);
        vm.expectRevert(abi.encodeWithSelector(IRemoteGateway.SchedulerMismatch.selector, address(gateway)));
        new RemoteGateway(committee, GOVERNOR, HOME, address(home), GENESIS, bounds(), 1, 128);
        vm.expectRevert(IGateway.ZeroAddress.selector);
        new RemoteGateway(committee, GOVERNOR, HOME, address(0), GENESIS, bounds(), 1, 128);
        vm.expectRevert(IGateway.ZeroAddress.selector);
        new RemoteGateway(committee, address(0), HOME, address(home), GENESIS, bounds(), 1, 128);
        vm.expectRevert(IGateway.ZeroAddress.selector);
        new RemoteGateway(ICommittee(address(0)), GOVERNOR, HOME, address(home), GENESIS, bounds(), 1, 128);
        vm.expectRevert(abi.encodeWithSelector(IGateway.RouteUnknown.selector, REMOTE));
        new RemoteGateway(committee, GOVERNOR, REMOTE, address(home), GENESIS, bounds(), 1, 128);
    }

    function test_a_gateway_is_not_made_with_unsound_parameters(uint32 window, uint32 maxBatch) external {
        vm.assume(window == 0 || maxBatch == 0 || maxBatch > 128);
        vm.chainId(REMOTE);
        // The committee names its scheduler before the gateway exists.
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        ICommittee committee = gateway.COMMITTEE();
        vm.mockCall(address(committee), abi.encodeCall(ICommittee.SCHEDULER, ()), abi.encode(next));
        vm.expectRevert(abi.encodeWithSelector(IRemoteGateway.RouteParametersInvalid.selector, window, maxBatch));
        new RemoteGateway(committee, GOVERNOR, HOME, address(home), GENESIS, bounds(), window, maxBatch);
    }

    function _deliverSent(uint256 first, uint256 count) private {
        deliver(HOME, REMOTE, sentFrom(HOME, REMOTE, first, count));
    }

    /// @dev Delivers `message` with the nonce FIRST before two good ones, which must be minted.
    function _assertHeldAmongOthers(Message memory message, uint8 reason) private {
        Message[] memory messages = new Message[](3);
        messages[0] = message;
        messages[1] = transferOf(FIRST + 1, address(bond), ALICE, BOB, LOT);
        messages[2] = transferOf(FIRST + 2, address(bill), ALICE, BOB, LOT);
        vm.expectEmit(address(gateway));
        emit IGateway.Held(leafOf(HOME, REMOTE, message), HOME, FIRST, 1, reason);
        deliver(HOME, REMOTE, messages);
        (,, uint8 held) = gateway.held(leafOf(HOME, REMOTE, message));
        vm.assertEq(held, reason, "reason");
        vm.assertEq(wrapped.balanceOf(BOB), LOT, "the second is minted");
        vm.assertEq(wrappedOf(bill, REMOTE).balanceOf(BOB), LOT, "the third is minted");
        vm.assertEq(wrapped.totalSupply(), LOT, "supply");
    }

    function _assertHeldNext(Message memory message, uint8 reason) private {
        vm.expectEmit(address(gateway));
        emit IGateway.Held(leafOf(HOME, REMOTE, message), HOME, message.nonce, 1, reason);
        deliver(HOME, REMOTE, message);
    }

    function _assertHeld(uint256 nonce, uint8 expected) private view {
        (uint64 epoch, uint48 heldAt, uint8 reason) = gateway.held(home.outboundLeaf(REMOTE, uint64(nonce)));
        vm.assertEq(reason, expected, "reason");
        vm.assertTrue(epoch == 1 && heldAt == vm.getBlockTimestamp(), "epoch and time");
    }

    function _setCap(uint256 cap) private {
        vm.prank(GOVERNOR);
        gateway.setCap(address(bond), uint96(cap));
    }

    function _announcement(uint64 nonce, address asset, BondTerms memory terms) private view returns (Message memory) {
        return Message(Kind.ANNOUNCE, nonce, asset, REGISTRAR, address(0), 0, 0, abi.encode(terms, uint256(CAP)));
    }

    function _terms(bytes12 isin) private pure returns (BondTerms memory terms) {
        terms = bondTerms();
        terms.isin = isin;
    }
}

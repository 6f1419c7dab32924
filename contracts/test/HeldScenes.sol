// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../src/common/BondTerms.sol";
import {ICommittee} from "../src/common/ICommittee.sol";
import {Message} from "../src/common/Protocol.sol";
import {JGBToken} from "../src/home/JGBToken.sol";
import {RemoteGateway} from "../src/remote/RemoteGateway.sol";
import {WrappedJGB} from "../src/remote/WrappedJGB.sol";
import {Bridge} from "./Bridge.sol";
import {SignerSet, Signers} from "./Signers.sol";

/// @notice Two chains and messages that wait on the second one.
abstract contract HeldScenes is Bridge {
    using Signers for SignerSet;

    uint64 internal constant FIRST = 2; // nonce behind the two announcements

    RemoteGateway internal gateway;
    WrappedJGB internal wrapped;
    JGBToken internal late; // announced after it was locked

    function setUp() external {
        deployBridge(Signers.make(4, 3, "operators"));
        gateway = remotes[REMOTE];
        wrapped = wrappedOf(bond, REMOTE);
    }

    /// @dev The first lock of ALICE to BOB, held because there is no room.
    function _heldForCap() internal returns (Message memory message) {
        _setCap(0);
        lock(bond, ALICE, LOT, REMOTE, BOB);
        message = sent[HOME][REMOTE][FIRST];
        deliver(HOME, REMOTE, message);
    }

    /// @dev The announcement and the first lock of a third bond, neither delivered.
    function _lateBond() internal returns (Message[] memory) {
        late = new JGBToken(_lateTerms(), ISSUER);
        announce(late, REMOTE);
        lock(late, ALICE, LOT, REMOTE, BOB);
        return sentFrom(HOME, REMOTE, FIRST, 2);
    }

    function _sendBack(uint256 source, uint256 destination, Message memory message) internal returns (bytes32 leaf) {
        vm.warp(vm.getBlockTimestamp() + RETURN_DELAY);
        vm.chainId(destination);
        vm.prank(STRANGER);
        leaf = gateways[destination].sendBack(source, message);
        collect();
    }

    function _replace(string memory seed) internal {
        SignerSet memory next = Signers.make(4, 3, seed);
        ICommittee committee = gateway.COMMITTEE();
        bytes memory members = next.members();
        vm.prank(GOVERNOR);
        enrol(REMOTE, committee.replace(3, members), next);
    }

    function _revoke(uint64 epoch) internal {
        ICommittee committee = gateway.COMMITTEE();
        vm.prank(GOVERNOR);
        committee.revoke(epoch);
    }

    function _setCap(uint256 cap) internal {
        vm.prank(GOVERNOR);
        gateway.setCap(address(bond), uint96(cap));
    }

    function _quote(bytes32 leaf, uint64 nonce, address recipient, uint128 total) internal pure returns (bytes memory) {
        return abi.encodePacked(leaf, uint256(nonce), uint256(uint160(recipient)), uint256(total));
    }

    function _lateTerms() internal pure returns (BondTerms memory terms) {
        terms = bondTerms();
        terms.isin = "JP1103521JA8";
    }

    function _assertNotHeld(Message memory message) internal view {
        (, uint48 heldAt,) = gateway.held(leafOf(HOME, REMOTE, message));
        vm.assertEq(heldAt, 0, "held");
    }
}

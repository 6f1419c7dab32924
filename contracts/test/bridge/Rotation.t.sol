// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Batch, Kind, Message, Reason} from "../../src/common/Protocol.sol";
import {RemoteGateway} from "../../src/remote/RemoteGateway.sol";
import {WrappedJGB} from "../../src/remote/WrappedJGB.sol";
import {Bridge} from "../Bridge.sol";
import {SignerSet, Signers} from "../Signers.sol";

/// @notice Committees change by a message while others are in flight, and nothing strands.
contract RotationTest is Bridge {
    using Signers for SignerSet;

    uint64 private constant FIRST = 2; // nonce behind the two announcements

    RemoteGateway private gateway;
    ICommittee private committee;
    WrappedJGB private wrapped;
    SignerSet private second;

    function setUp() external {
        deployBridge(Signers.make(4, 3, "operators"));
        gateway = remotes[REMOTE];
        committee = gateway.COMMITTEE();
        wrapped = wrappedOf(bond, REMOTE);
        second = Signers.make(5, 3, "second");
    }

    function test_a_rotation_message_schedules_the_next_committee() external {
        _rotate(2, second);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        vm.assertEq(committee.activeEpoch(), 1, "not yet");
        (bytes32 setHash,,) = committee.setOf(2);
        vm.assertEq(setHash, second.setHash(), "scheduled");
        vm.warp(NOW + ACTIVATION_DELAY);
        vm.assertEq(committee.activeEpoch(), 2, "active");
        vm.assertEq(remotes[REMOTE2].COMMITTEE().activeEpoch(), 1, "the other remote has its own");
    }

    function test_messages_in_flight_are_signed_again_and_none_strands() external {
        lock(bond, ALICE, LOT, REMOTE, BOB);
        _rotate(2, second);
        lock(bond, ALICE, 2 * LOT, REMOTE, BOB);
        Batch memory old = batchOf(HOME, REMOTE, sentFrom(HOME, REMOTE, FIRST, 1));
        bytes memory certificate = certify(old);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST + 1]);
        vm.warp(NOW + ACTIVATION_DELAY);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochNotActive.selector, 1, 2));
        gateway.deliver(old, sentFrom(HOME, REMOTE, FIRST, 1), certificate);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST + 2]);
        vm.assertEq(wrapped.balanceOf(BOB), 3 * LOT, "minted");
    }

    function test_the_old_committee_delivers_until_the_new_one_is_active() external {
        _rotate(2, second);
        lock(bond, ALICE, LOT, REMOTE, BOB);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        vm.warp(NOW + ACTIVATION_DELAY - 1);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST + 1]);
        vm.assertEq(wrapped.balanceOf(BOB), LOT, "minted");
    }

    function test_what_the_old_committee_delivered_stays_delivered() external {
        lock(bond, ALICE, LOT, REMOTE, BOB);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        _rotateAndActivate(second);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        vm.assertEq(wrapped.totalSupply(), LOT, "minted once");
    }

    function test_several_rotations_follow_each_other() external {
        _rotateAndActivate(second);
        SignerSet memory third = Signers.make(3, 2, "third");
        _rotateAndActivate(third);
        lock(bond, ALICE, LOT, REMOTE, BOB);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST + 2]);
        vm.assertEq(wrapped.totalSupply(), LOT, "minted");
        vm.assertEq(committee.activeEpoch(), 3, "epoch");
    }

    function test_a_vetoed_rotation_never_happens_and_another_may() external {
        _rotate(2, second);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        vm.prank(GUARDIAN);
        committee.veto(2);
        vm.warp(NOW + 2 * ACTIVATION_DELAY);
        lock(bond, ALICE, LOT, REMOTE, BOB);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST + 1]);
        vm.assertEq(wrapped.totalSupply(), LOT, "by the first committee");
        _rotateAndActivate(Signers.make(3, 2, "third"));
        vm.assertEq(committee.activeEpoch(), 2, "another one");
    }

    function test_a_rotation_that_does_not_follow_is_held_for_the_governor() external {
        bytes memory members = second.members();
        bytes32 hash = _activeHash();
        bytes[6] memory wrong = [
            abi.encodePacked(second.setHash(), uint256(2), uint256(3), members),
            abi.encodePacked(hash, uint256(3), uint256(3), members),
            abi.encodePacked(hash, uint256(2), uint256(2), members),
            abi.encodePacked(hash, uint256(2) + (1 << 32), uint256(3), members),
            abi.encodePacked(hash, uint256(2), uint256(3) + (1 << 8), members),
            abi.encodePacked(hash, uint256(2), bytes31(0))
        ];
        for (uint64 i = 0; i < 6; ++i) {
            Message memory message = _committeeMessage(FIRST + i, wrong[i]);
            deliver(HOME, REMOTE, message);
            bytes32 leaf = leafOf(HOME, REMOTE, message);
            (,, uint8 reason) = gateway.held(leaf);
            vm.assertEq(reason, Reason.COMMITTEE_MISMATCH, "held");
            vm.expectRevert(abi.encodeWithSelector(IGateway.Quarantined.selector, leaf, reason));
            gateway.retry(HOME, message);
        }
        vm.warp(NOW + 2 * ACTIVATION_DELAY);
        vm.assertEq(committee.activeEpoch(), 1, "nothing has changed");
    }

    /// @dev What an old committee has signed in advance must not choose the committee after the next.
    function test_a_rotation_signed_by_an_old_committee_waits_for_the_governor() external {
        SignerSet memory third = Signers.make(3, 2, "third");
        Message memory early =
            _committeeMessage(FIRST + 1, abi.encodePacked(second.setHash(), uint256(3), uint256(2), third.members()));
        deliver(HOME, REMOTE, early);
        _rotateAndActivate(second);
        vm.prank(STRANGER);
        vm.expectPartialRevert(IGateway.Quarantined.selector);
        gateway.retry(HOME, early);
        vm.prank(GOVERNOR);
        gateway.retry(HOME, early);
        vm.warp(vm.getBlockTimestamp() + ACTIVATION_DELAY);
        vm.assertEq(committee.activeEpoch(), 3, "by the governor's will");
    }

    function test_a_second_rotation_while_one_is_pending_is_held() external {
        _rotate(2, second);
        _rotate(2, Signers.make(3, 2, "third"));
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST + 1]);
        (,, uint8 reason) = gateway.held(home.outboundLeaf(REMOTE, FIRST + 1));
        vm.assertEq(reason, Reason.COMMITTEE_MISMATCH, "held");
    }

    function test_after_a_revocation_the_governor_names_a_committee_and_all_goes_on() external {
        lock(bond, ALICE, LOT, REMOTE, BOB);
        Batch memory batch = batchOf(HOME, REMOTE, sentFrom(HOME, REMOTE, FIRST, 1));
        bytes memory certificate = certify(batch);
        vm.prank(GOVERNOR);
        committee.revoke(1);
        vm.chainId(REMOTE);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochIsRevoked.selector, 1));
        gateway.deliver(batch, sentFrom(HOME, REMOTE, FIRST, 1), certificate);
        bytes memory members = second.members();
        vm.prank(GOVERNOR);
        enrol(REMOTE, committee.replace(3, members), second);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        vm.assertEq(wrapped.totalSupply(), LOT, "minted");
    }

    function test_home_has_a_committee_of_its_own_that_no_message_changes() external {
        Message memory message =
            _committeeMessage(0, abi.encodePacked(_activeHash(), uint256(2), uint256(3), second.members()));
        deliver(REMOTE, HOME, message);
        (,, uint8 reason) = home.held(leafOf(REMOTE, HOME, message));
        vm.assertEq(reason, Reason.KIND_UNKNOWN, "held");
        bytes32 hash = _activeHash();
        bytes memory members = second.members();
        vm.prank(GOVERNOR);
        homeCommittee.schedule(hash, 2, 3, members);
        vm.warp(NOW + ACTIVATION_DELAY);
        vm.assertEq(homeCommittee.activeEpoch(), 2, "the governor does");
    }

    function _rotate(uint64 epoch, SignerSet memory next) private {
        bytes32 hash = _activeHash();
        bytes memory members = next.members();
        enrol(REMOTE, epoch, next);
        vm.chainId(HOME);
        vm.prank(GOVERNOR);
        home.rotate(REMOTE, hash, epoch, next.threshold, members);
        collect();
    }

    function _rotateAndActivate(SignerSet memory next) private {
        SignerSet memory active = signersOf(REMOTE, committee.activeEpoch());
        uint256 nonce = sent[HOME][REMOTE].length;
        _rotate(committee.activeEpoch() + 1, next);
        vm.assertTrue(active.threshold != 0, "known");
        deliver(HOME, REMOTE, sent[HOME][REMOTE][nonce]);
        vm.warp(vm.getBlockTimestamp() + ACTIVATION_DELAY);
    }

    function _activeHash() private view returns (bytes32 hash) {
        (hash,,) = committee.setOf(committee.activeEpoch());
    }

    function _committeeMessage(uint64 nonce, bytes memory data) private view returns (Message memory) {
        return Message(Kind.COMMITTEE, nonce, address(0), GOVERNOR, address(0), 0, 0, data);
    }
}

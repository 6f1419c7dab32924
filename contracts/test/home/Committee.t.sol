// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {EcdsaCommittee} from "../../src/common/EcdsaCommittee.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {HomeSide} from "../HomeSide.sol";
import {SignerSet, Signers} from "../Signers.sol";

contract CommitteeTest is HomeSide {
    using Signers for SignerSet;

    bytes32 private constant DIGEST = keccak256("digest");

    address private immutable SCHEDULER = _account("scheduler");
    EcdsaCommittee private committee;
    SignerSet private first;
    SignerSet private second;
    SignerSet private third;

    function setUp() external {
        vm.warp(NOW);
        first = Signers.make(7, 5, "first");
        second = Signers.make(7, 4, "second");
        third = Signers.make(4, 3, "third");
        committee = new EcdsaCommittee(GOVERNOR, GUARDIAN, SCHEDULER, ACTIVATION_DELAY, 5, first.members());
    }

    // --- Sets ---

    function test_the_first_set_is_active_from_the_start() external view {
        _assertActive(1, first);
        (bytes32 setHash, uint8 threshold, bytes memory members) = committee.setOf(1);
        vm.assertEq(setHash, first.setHash(), "hash");
        vm.assertEq(threshold, 5, "threshold");
        vm.assertEq(members, first.members(), "members");
    }

    function test_a_set_needs_more_than_half_of_its_members(uint8 count, uint8 threshold) external {
        count = uint8(bound(count, 0, 12));
        threshold = uint8(bound(threshold, 0, 15));
        bytes memory members = Signers.make(count, threshold, "any").members();
        bool lawful = threshold <= count && 2 * uint256(threshold) > count;
        vm.startPrank(GOVERNOR);
        if (!lawful) {
            vm.expectRevert(abi.encodeWithSelector(ICommittee.SetRefused.selector, members.length, threshold));
        }
        committee.replace(threshold, members);
    }

    function test_a_threshold_of_zero_is_refused_at_birth() external {
        vm.expectRevert(abi.encodeWithSelector(ICommittee.SetRefused.selector, 0, 0));
        new EcdsaCommittee(GOVERNOR, GUARDIAN, SCHEDULER, ACTIVATION_DELAY, 0, "");
        bytes memory members = first.members();
        vm.expectRevert(abi.encodeWithSelector(ICommittee.SetRefused.selector, 140, 0));
        new EcdsaCommittee(GOVERNOR, GUARDIAN, SCHEDULER, ACTIVATION_DELAY, 0, members);
    }

    function test_a_member_twice_is_refused() external {
        _assertRefused(2, abi.encodePacked(ALICE, ALICE, BOB));
        _assertRefused(1, abi.encodePacked(address(0)));
    }

    function test_members_out_of_order_are_refused() external {
        bytes memory members = second.members();
        (address low, address high) = ALICE < BOB ? (ALICE, BOB) : (BOB, ALICE);
        _assertRefused(2, abi.encodePacked(high, low));
        vm.prank(GOVERNOR);
        committee.replace(2, abi.encodePacked(low, high));
        _assertRefused(4, abi.encodePacked(members, hex"00"));
    }

    function test_no_role_is_the_zero_address() external {
        bytes memory members = first.members();
        address[3] memory roles = [GOVERNOR, GUARDIAN, SCHEDULER];
        for (uint256 i = 0; i < 3; ++i) {
            (address kept, address none) = (roles[i], address(0));
            roles[i] = none;
            vm.expectRevert(ICommittee.ZeroAddress.selector);
            new EcdsaCommittee(roles[0], roles[1], roles[2], ACTIVATION_DELAY, 5, members);
            roles[i] = kept;
        }
    }

    function test_an_unknown_epoch_has_no_set() external {
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochUnknown.selector, 2));
        committee.setOf(2);
    }

    // --- Scheduling ---

    function test_a_scheduled_set_is_active_by_time_alone() external {
        _schedule(2, first, second);
        vm.warp(NOW + ACTIVATION_DELAY - 1);
        _assertActive(1, first);
        vm.warp(NOW + ACTIVATION_DELAY);
        _assertActive(2, second);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochNotActive.selector, 1, 2));
        committee.verify(1, DIGEST, first.certify(DIGEST));
    }

    function test_settling_changes_nothing_that_can_be_seen() external {
        _schedule(2, first, second);
        committee.settle();
        _assertActive(1, first);
        vm.warp(NOW + ACTIVATION_DELAY);
        committee.settle();
        committee.settle();
        _assertActive(2, second);
        _schedule(3, second, third);
        vm.warp(NOW + 2 * ACTIVATION_DELAY);
        _assertActive(3, third);
    }

    function test_sets_follow_each_other_without_settling() external {
        _schedule(2, first, second);
        vm.warp(NOW + ACTIVATION_DELAY);
        _schedule(3, second, third);
        _assertActive(2, second);
        vm.warp(NOW + 2 * ACTIVATION_DELAY);
        _assertActive(3, third);
    }

    function test_only_the_scheduler_schedules() external {
        bytes memory members = second.members();
        bytes32 hash = first.setHash();
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.NotScheduler.selector, GOVERNOR));
        committee.schedule(hash, 2, 4, members);
    }

    function test_a_set_that_does_not_follow_the_active_one_is_refused() external {
        bytes memory members = second.members();
        _assertCannotSchedule(second.setHash(), 2, 4, members);
        _assertCannotSchedule(first.setHash(), 1, 4, members);
        _assertCannotSchedule(first.setHash(), 3, 4, members);
        _assertCannotSchedule(first.setHash(), 2, 3, members);
        _assertCannotSchedule(first.setHash(), 2, 0, "");
    }

    function test_nothing_is_scheduled_while_something_is_pending() external {
        _schedule(2, first, second);
        _assertCannotSchedule(first.setHash(), 2, 3, third.members());
        _assertCannotSchedule(second.setHash(), 3, 3, third.members());
    }

    // --- Veto ---

    function test_a_vetoed_set_never_becomes_active() external {
        _schedule(2, first, second);
        vm.expectEmit(address(committee));
        emit ICommittee.EpochVetoed(2);
        _veto(2);
        vm.warp(NOW + 10 * ACTIVATION_DELAY);
        _assertActive(1, first);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochUnknown.selector, 2));
        committee.setOf(2);
    }

    function test_after_a_veto_another_set_may_have_the_number() external {
        _schedule(2, first, second);
        _veto(2);
        _schedule(2, first, third);
        vm.warp(NOW + ACTIVATION_DELAY);
        _assertActive(2, third);
    }

    function test_an_active_set_is_beyond_a_veto() external {
        _schedule(2, first, second);
        vm.warp(NOW + ACTIVATION_DELAY);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.NothingPending.selector, 2));
        committee.veto(2);
    }

    function test_a_veto_names_what_is_pending() external {
        vm.startPrank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.NothingPending.selector, 0));
        committee.veto(0);
        vm.stopPrank();
        _schedule(2, first, second);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.NothingPending.selector, 1));
        committee.veto(1);
    }

    function test_only_the_guardian_vetoes() external {
        _schedule(2, first, second);
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.NotGuardian.selector, GOVERNOR));
        committee.veto(2);
    }

    // --- Replacement and revocation ---

    function test_a_replacement_is_active_at_once_and_drops_what_was_pending() external {
        _schedule(2, first, second);
        vm.expectEmit(address(committee));
        emit ICommittee.EpochVetoed(2);
        _replace(third);
        _assertActive(2, third);
        vm.warp(NOW + 10 * ACTIVATION_DELAY);
        _assertActive(2, third);
    }

    function test_only_the_governor_replaces_and_revokes() external {
        bytes memory members = second.members();
        vm.startPrank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.NotGovernor.selector, GUARDIAN));
        committee.replace(4, members);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.NotGovernor.selector, GUARDIAN));
        committee.revoke(1);
    }

    function test_a_revoked_epoch_verifies_nothing_until_it_is_replaced() external {
        _revoke(1);
        vm.assertTrue(committee.isRevoked(1), "revoked");
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochIsRevoked.selector, 1));
        committee.verify(1, DIGEST, first.certify(DIGEST));
        _replace(second);
        _assertActive(2, second);
        vm.assertFalse(committee.isRevoked(2), "the new one is not");
    }

    function test_whom_a_revoked_epoch_scheduled_does_not_follow_it() external {
        _schedule(2, first, second);
        _revoke(1);
        vm.warp(NOW + 10 * ACTIVATION_DELAY);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochNotActive.selector, 2, 1));
        committee.verify(2, DIGEST, second.certify(DIGEST));
        _replace(third);
        _assertActive(2, third);
    }

    function test_a_past_epoch_can_be_revoked_and_the_active_one_goes_on() external {
        _replace(second);
        _schedule(3, second, third);
        _revoke(1);
        _assertActive(2, second);
        vm.warp(NOW + ACTIVATION_DELAY);
        _assertActive(3, third);
    }

    function test_an_epoch_that_was_never_active_cannot_be_revoked() external {
        _schedule(2, first, second);
        vm.startPrank(GOVERNOR);
        for (uint64 epoch = 0; epoch < 4; ++epoch) {
            if (epoch == 1) continue;
            vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochUnknown.selector, epoch));
            committee.revoke(epoch);
        }
    }

    function test_epochs_count_up_by_one_whatever_happens(uint8[24] calldata acts) external {
        uint64 last = 1;
        for (uint256 i = 0; i < acts.length; ++i) {
            uint64 active = committee.activeEpoch();
            vm.assertTrue(active == last || active == last + 1, "one step at most");
            last = active;
            _act(acts[i] % 5, active);
            (, uint8 threshold, bytes memory members) = committee.setOf(active);
            vm.assertTrue(2 * uint256(threshold) > members.length / 20, "more than half");
        }
    }

    function _act(uint256 act, uint64 active) private {
        (bytes32 hash,,) = committee.setOf(active);
        if (act == 0) vm.warp(vm.getBlockTimestamp() + ACTIVATION_DELAY / 2);
        if (act == 1) committee.settle();
        if (act == 2) _replace(active % 2 == 0 ? second : third);
        if (act == 3) _revoke(active);
        if (act == 4 && committee.canSchedule(hash, active + 1, 3, third.members())) {
            bytes memory members = third.members();
            vm.prank(SCHEDULER);
            committee.schedule(hash, active + 1, 3, members);
        }
    }

    function _schedule(uint64 epoch, SignerSet memory previous, SignerSet memory next) private {
        bytes memory members = next.members();
        bytes32 hash = previous.setHash();
        vm.prank(SCHEDULER);
        committee.schedule(hash, epoch, next.threshold, members);
    }

    function _veto(uint64 epoch) private {
        vm.prank(GUARDIAN);
        committee.veto(epoch);
    }

    function _replace(SignerSet memory next) private {
        bytes memory members = next.members();
        vm.prank(GOVERNOR);
        committee.replace(next.threshold, members);
    }

    function _revoke(uint64 epoch) private {
        vm.prank(GOVERNOR);
        committee.revoke(epoch);
    }

    function _assertActive(uint64 epoch, SignerSet memory set) private view {
        vm.assertEq(committee.activeEpoch(), epoch, "active epoch");
        committee.verify(epoch, DIGEST, set.certify(DIGEST));
    }

    function _assertRefused(uint8 threshold, bytes memory members) private {
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.SetRefused.selector, members.length, threshold));
        committee.replace(threshold, members);
    }

    function _assertCannotSchedule(bytes32 hash, uint64 epoch, uint8 threshold, bytes memory members) private {
        vm.assertFalse(committee.canSchedule(hash, epoch, threshold, members), "can schedule");
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.RotationRefused.selector, epoch));
        committee.schedule(hash, epoch, threshold, members);
    }
}

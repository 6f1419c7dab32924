// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Message, Reason} from "../../src/common/Protocol.sol";
import {HeldScenes} from "../HeldScenes.sol";

/// @notice Messages that wait, and who may execute them.
contract HeldTest is HeldScenes {
    // --- Retry ---

    function test_a_mint_held_for_its_cap_is_minted_by_anyone_when_there_is_room() external {
        Message memory message = _heldForCap();
        bytes32 leaf = leafOf(HOME, REMOTE, message);
        _assertStillHeld(message, Reason.CAP);
        _setCap(LOT);
        vm.expectEmit(address(gateway));
        emit IGateway.Executed(leaf, HOME, FIRST);
        vm.prank(STRANGER);
        gateway.retry(HOME, message);
        vm.assertEq(wrapped.balanceOf(BOB), LOT, "minted");
        _assertNotHeld(message);
    }

    function test_a_mint_executed_after_a_hold_cannot_be_had_again() external {
        Message memory message = _heldForCap();
        _setCap(10 * LOT);
        gateway.retry(HOME, message);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotHeld.selector, leafOf(HOME, REMOTE, message)));
        gateway.retry(HOME, message);
        vm.warp(NOW + RETURN_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotHeld.selector, leafOf(HOME, REMOTE, message)));
        gateway.sendBack(HOME, message);
        deliver(HOME, REMOTE, message);
        vm.assertEq(wrapped.balanceOf(BOB), LOT, "minted once");
    }

    function test_a_mint_that_came_before_its_announcement_is_minted_after_it() external {
        Message[] memory messages = _lateBond();
        deliver(HOME, REMOTE, messages[1]);
        _assertStillHeld(messages[1], Reason.ASSET_UNKNOWN);
        deliver(HOME, REMOTE, messages[0]);
        gateway.retry(HOME, messages[1]);
        vm.assertEq(wrappedOf(late, REMOTE).balanceOf(BOB), LOT, "minted");
    }

    function test_only_what_is_held_can_be_retried_and_exactly_that() external {
        Message memory message = _heldForCap();
        _setCap(10 * LOT);
        vm.expectPartialRevert(IGateway.NotHeld.selector);
        gateway.retry(REMOTE2, message);
        message.amount = 2 * LOT;
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotHeld.selector, leafOf(HOME, REMOTE, message)));
        gateway.retry(HOME, message);
    }

    function test_a_retry_that_fails_changes_nothing() external {
        Message memory message = _heldForCap();
        bytes32 before = _stateOf(message);
        _assertStillHeld(message, Reason.CAP);
        vm.assertEq(_stateOf(message), before, "state");
    }

    function test_only_the_governor_retries_what_is_in_quarantine() external {
        Message memory message = transferOf(FIRST, address(bond), ALICE, BOB, 2 * LOT);
        message.runningTotal = LOT;
        deliver(HOME, REMOTE, message);
        bytes32 leaf = leafOf(HOME, REMOTE, message);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IGateway.Quarantined.selector, leaf, Reason.TOTAL_EXCEEDED));
        gateway.retry(HOME, message);
        vm.prank(GOVERNOR);
        gateway.retry(HOME, message);
        vm.assertEq(wrapped.balanceOf(BOB), 2 * LOT, "minted");
    }

    function test_every_reason_has_one_class() external pure {
        for (uint256 code = 0; code < 256; ++code) {
            uint8 reason = uint8(code);
            bool returnable = reason == Reason.ASSET_UNKNOWN || reason == Reason.RECIPIENT_INVALID;
            vm.assertTrue(Reason.isReturnable(reason) == returnable, "returnable");
            bool brake = reason == Reason.LIMIT || reason == Reason.DELAYED || reason == Reason.PAUSED;
            vm.assertTrue(Reason.isRetryable(reason) == (returnable || brake || reason == Reason.CAP), "retryable");
        }
    }

    // --- Holds of a revoked epoch ---

    function test_a_hold_of_a_revoked_epoch_waits_for_a_new_certificate() external {
        Message memory message = _heldForCap();
        bytes32 leaf = leafOf(HOME, REMOTE, message);
        _setCap(10 * LOT);
        _replace("second");
        _revoke(1);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochIsRevoked.selector, 1));
        gateway.retry(HOME, message);
        vm.warp(NOW + RETURN_DELAY);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochIsRevoked.selector, 1));
        gateway.sendBack(HOME, message);
        vm.expectEmit(address(gateway));
        emit IGateway.Recertified(leaf, 2);
        deliver(HOME, REMOTE, message);
        (uint64 epoch, uint48 heldAt, uint8 reason) = gateway.held(leaf);
        vm.assertTrue(epoch == 2 && heldAt == NOW && reason == Reason.CAP, "held by the new epoch");
        gateway.retry(HOME, message);
        vm.assertEq(wrapped.balanceOf(BOB), LOT, "minted once");
    }

    function test_one_of_a_batch_is_certified_again_alone_too() external {
        Message memory message = _heldForCap();
        lock(bond, ALICE, LOT, REMOTE, BOB);
        _replace("second");
        _revoke(1);
        vm.expectEmit(address(gateway));
        emit IGateway.Recertified(leafOf(HOME, REMOTE, message), 2);
        deliverOne(HOME, REMOTE, sentFrom(HOME, REMOTE, FIRST, 2), 0);
    }

    function test_a_hold_of_an_epoch_that_was_not_revoked_stays_as_it_is() external {
        Message memory message = _heldForCap();
        _replace("second");
        vm.getRecordedLogs();
        deliver(HOME, REMOTE, message);
        (uint64 epoch,,) = gateway.held(leafOf(HOME, REMOTE, message));
        vm.assertEq(epoch, 1, "epoch");
        _setCap(LOT);
        gateway.retry(HOME, message);
        vm.assertEq(wrapped.balanceOf(BOB), LOT, "minted");
    }

    function test_a_forgery_held_by_a_revoked_epoch_is_dead() external {
        Message memory forged = transferOf(FIRST, STRANGER, ALICE, BOB, LOT);
        deliver(HOME, REMOTE, forged);
        lock(bond, ALICE, LOT, REMOTE, BOB);
        _replace("second");
        _revoke(1);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]); // the true message of that nonce: skipped quietly
        vm.assertEq(wrapped.totalSupply(), 0, "not minted by itself");
        vm.warp(NOW + RETURN_DELAY);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochIsRevoked.selector, 1));
        gateway.sendBack(HOME, forged);
    }

    function _assertStillHeld(Message memory message, uint8 reason) private {
        vm.chainId(REMOTE);
        vm.expectRevert(abi.encodeWithSelector(IGateway.StillHeld.selector, leafOf(HOME, REMOTE, message), reason));
        gateway.retry(HOME, message);
    }

    function _stateOf(Message memory message) private view returns (bytes32) {
        (uint64 epoch, uint48 heldAt, uint8 reason) = gateway.held(leafOf(HOME, REMOTE, message));
        (uint128 highest, uint128 settled) = gateway.received(HOME, message.asset);
        return keccak256(abi.encode(epoch, heldAt, reason, highest, settled, wrapped.totalSupply()));
    }
}

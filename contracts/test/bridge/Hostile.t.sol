// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Direction, FlowLimits, IBrakes} from "../../src/common/IBrakes.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Kind, Message, Reason} from "../../src/common/Protocol.sol";
import {Incident} from "../Incident.sol";

/// @notice Brakes turned against those whom they protect: what a guardian, a thief or a bad moment could make of them.
contract HostileBrakesTest is Incident {
    // --- Pauses ---

    function test_no_guardian_shortens_the_pause_of_another(uint32 duration) external {
        _pause(OFFICERS, MAX_PAUSE);
        _pause(WATCH, uint32(bound(duration, 0, MAX_PAUSE)));
        vm.assertEq(gateway.pausedUntil(HOME, address(bond), Direction.INBOUND), NOW + MAX_PAUSE, "until");
        vm.warp(NOW + MAX_PAUSE - 1);
        Message memory message = locked(OKU);
        deliver(HOME, REMOTE, message);
        vm.assertEq(reasonOf(HOME, REMOTE, message), Reason.PAUSED, "still paused");
    }

    function test_another_guardian_prolongs_a_pause_and_the_clocks_count_it_once() external {
        Message memory message = locked(11 * OKU);
        deliver(HOME, REMOTE, message);
        _pause(OFFICERS, 2 days);
        vm.warp(NOW + 1 days);
        _pause(WATCH, 3 days);
        vm.warp(NOW + 20 days);
        bytes32 leaf = leafOf(HOME, REMOTE, message);
        vm.assertEq(gateway.opensAt(HOME, address(bond), leaf), NOW + VETO_DELAY + 4 days, "opens at");
    }

    // --- What arrives at a bad moment ---

    function test_a_large_amount_that_arrives_in_a_pause_is_delayed_from_then_on() external {
        _setLimits(FlowLimits(LIMIT, LIMIT, 5));
        _pause(WATCH, 1 days);
        Message memory message = locked(6 * OKU);
        deliver(HOME, REMOTE, message);
        vm.assertEq(reasonOf(HOME, REMOTE, message), Reason.DELAYED, "delayed");
        vm.warp(NOW + 1 days + VETO_DELAY);
        gateway.retry(HOME, message);
        vm.assertEq(wrapped.balanceOf(BOB), 6 * OKU, "minted");
    }

    /// @dev A queue that a change of configuration strands would need another change.
    function test_what_waits_when_the_threshold_is_lowered_is_delayed_and_then_executed() external {
        Message memory first = locked(9 * OKU);
        Message memory second = locked(6 * OKU);
        deliver(HOME, REMOTE, first);
        deliver(HOME, REMOTE, second);
        vm.assertEq(reasonOf(HOME, REMOTE, second), Reason.LIMIT, "held");
        _setLimits(FlowLimits(LIMIT, LIMIT, 1));
        vm.warp(NOW + 1 days);
        gateway.retry(HOME, second);
        vm.assertEq(reasonOf(HOME, REMOTE, second), Reason.DELAYED, "large now: it can be vetoed from here on");
        vm.warp(NOW + 1 days + VETO_DELAY - 1);
        vm.expectPartialRevert(IBrakes.StillDelayed.selector);
        gateway.retry(HOME, second);
        vm.warp(NOW + 1 days + VETO_DELAY);
        gateway.retry(HOME, second);
        vm.assertEq(wrapped.balanceOf(BOB), 15 * OKU, "minted");
    }

    function test_a_mint_that_cannot_be_made_goes_back_whenever_it_arrived(uint8 when) external {
        when %= 4;
        if (when == 1) _pause(WATCH, 1 days);
        if (when == 2) deliver(HOME, REMOTE, locked(MOST));
        uint256 nonce = sent[HOME][REMOTE].length;
        lock(bond, ALICE, (when == 3 ? 11 : 1) * OKU, REMOTE, address(wrapped)); // which cannot be paid
        Message memory message = sent[HOME][REMOTE][nonce];
        deliver(HOME, REMOTE, message);
        vm.assertEq(reasonOf(HOME, REMOTE, message), Reason.RECIPIENT_INVALID, "held");
        vm.warp(NOW + RETURN_DELAY);
        vm.prank(STRANGER);
        gateway.sendBack(HOME, message);
    }

    // --- Returns and vetoes ---

    /// @dev Each of these locks was metered when it left, in its own time. Undoing all of them takes no more time.
    function test_a_lying_quorum_undoes_no_more_transfers_at_once_than_the_limit() external {
        Message[] memory returns_ = new Message[](5);
        for (uint64 i = 0; i < 5; ++i) {
            lock(bond, THIEF, 4 * OKU, REMOTE, THIEF);
            Message memory undone = sent[HOME][REMOTE][FIRST + i];
            bytes memory data = abi.encodePacked(
                leafOf(HOME, REMOTE, undone), uint256(FIRST + i), uint256(uint160(THIEF)), uint256(undone.runningTotal)
            );
            returns_[i] = Message(Kind.RETURN, i, address(bond), THIEF, THIEF, 4 * OKU, (i + 1) * 4 * OKU, data);
            vm.warp(vm.getBlockTimestamp() + FLOW_PERIOD);
        }
        deliver(REMOTE, HOME, returns_);
        vm.assertEq(bond.balanceOf(THIEF), 8 * OKU, "released");
        vm.assertEq(reasonOf(REMOTE, HOME, returns_[2]), Reason.LIMIT, "held");
        vm.warp(vm.getBlockTimestamp() + FLOW_PERIOD);
        home.retry(REMOTE, returns_[2]);
    }

    /// @dev A lock makes half of the room that its own return needs.
    function test_what_is_returned_at_once_waits_for_half_of_it_at_most() external {
        deliver(REMOTE, HOME, _releases(MOST));
        _setLimits(FlowLimits(LIMIT, LIMIT, 5));
        uint256 nonce = sent[HOME][REMOTE].length;
        lock(bond, ALICE, 7 * OKU, REMOTE, BOB);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][nonce]);
        vm.prank(OFFICERS);
        gateway.veto(HOME, sent[HOME][REMOTE][nonce]);
        collect();
        uint256 before = bond.balanceOf(ALICE);
        Message memory back = sent[REMOTE][HOME][sent[REMOTE][HOME].length - 1];
        deliver(REMOTE, HOME, back);
        vm.assertEq(reasonOf(REMOTE, HOME, back), Reason.LIMIT, "held");
        vm.warp(vm.getBlockTimestamp() + uint256(FLOW_PERIOD) * 7 / 2 / LIMIT);
        home.retry(REMOTE, back);
        vm.assertEq(bond.balanceOf(ALICE) - before, 7 * OKU, "paid back");
    }

    /// @dev Otherwise a thief names a running total so low that a veto would count too much, raises it after the delay
    ///      with another message, and executes what nobody could veto.
    function test_a_veto_cannot_be_escaped_by_a_running_total_that_covers_nothing() external {
        Message memory forged = forgery(FIRST, 9 * OKU);
        forged.runningTotal = 0;
        _setLimits(FlowLimits(LIMIT, LIMIT, 5));
        deliver(HOME, REMOTE, forged);
        vm.assertEq(reasonOf(HOME, REMOTE, forged), Reason.DELAYED, "delayed");
        vm.prank(OFFICERS);
        gateway.veto(HOME, forged);
        vm.assertEq(reasonOf(HOME, REMOTE, forged), Reason.TOTAL_EXCEEDED, "quarantined");
        deliver(HOME, REMOTE, forgery(FIRST + 1, 1));
        vm.warp(NOW + VETO_DELAY + FLOW_PERIOD);
        vm.prank(THIEF);
        vm.expectRevert(
            abi.encodeWithSelector(IGateway.Quarantined.selector, leafOf(HOME, REMOTE, forged), Reason.TOTAL_EXCEEDED)
        );
        gateway.retry(HOME, forged);
        vm.assertEq(wrapped.balanceOf(THIEF), 1, "the limit and the veto hold");
    }

    /// @dev Its RETURN would be too long to send, or nobody can have sent so much: then it is never executed either.
    function test_whatever_is_delayed_can_be_vetoed(uint128 amount, uint16 length, bool atHome) external {
        (uint256 source, uint256 destination) = atHome ? (REMOTE, HOME) : (HOME, REMOTE);
        lock(bond, ALICE, MOST, REMOTE, BOB);
        vm.startPrank(GOVERNOR);
        vm.chainId(destination);
        gateways[destination].setFlowLimits(source, address(bond), FlowLimits(65_535, LIMIT, 1));
        vm.stopPrank();
        Message memory forged = forgery(1 << 40, uint128(bound(amount, 2 * OKU, 65_540 * OKU) / LOT * LOT));
        forged.data = new bytes(length % 1_024 < 512 ? length % 512 : length % 1_025);
        deliver(source, destination, forged);
        bool canBeSent = forged.data.length <= 512 && forged.amount <= 65_535 * OKU;
        uint8 reason = reasonOf(source, destination, forged);
        vm.assertEq(reason, canBeSent ? Reason.DELAYED : Reason.NOT_SENDABLE, "reason");
        if (canBeSent) {
            vm.prank(OFFICERS);
            gateways[destination].veto(source, forged);
            return;
        }
        _assertNeverMoves(source, destination, forged);
    }

    /// @dev Otherwise it would count as settled, though nothing meters what goes back.
    function test_what_nobody_can_have_sent_is_never_sent_back(bool isLong, bool isKnown) external {
        Message memory forged = forgery(1 << 40, isLong ? OKU : 65_535 * OKU + LOT);
        if (isLong) forged.data = new bytes(513);
        if (isKnown) forged.recipient = address(0);
        else forged.asset = STRANGER;
        for (uint256 side = 0; side < 2; ++side) {
            (uint256 source, uint256 destination) = side == 0 ? (REMOTE, HOME) : (HOME, REMOTE);
            deliver(source, destination, forged);
            vm.assertEq(reasonOf(source, destination, forged), Reason.NOT_SENDABLE, "reason");
            _assertNeverMoves(source, destination, forged);
        }
    }

    function _assertNeverMoves(uint256 source, uint256 destination, Message memory forged) private {
        vm.warp(vm.getBlockTimestamp() + VETO_DELAY + RETURN_DELAY);
        vm.chainId(destination);
        bytes32 leaf = leafOf(source, destination, forged);
        vm.expectRevert(abi.encodeWithSelector(IGateway.Quarantined.selector, leaf, Reason.NOT_SENDABLE));
        gateways[destination].retry(source, forged);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotReturnable.selector, leaf, Reason.NOT_SENDABLE));
        gateways[destination].sendBack(source, forged);
        vm.prank(OFFICERS);
        vm.expectRevert(abi.encodeWithSelector(IBrakes.NotVetoable.selector, leaf, Reason.NOT_SENDABLE));
        gateways[destination].veto(source, forged);
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IGateway.StillHeld.selector, leaf, Reason.NOT_SENDABLE));
        gateways[destination].retry(source, forged);
        (, uint128 settled) = gateways[destination].received(source, forged.asset);
        vm.assertEq(settled, 0, "settled");
    }

    function _pause(address guardian, uint32 duration) private {
        pauseAll(REMOTE, HOME, guardian, Direction.INBOUND, duration);
    }

    function _setLimits(FlowLimits memory limits) private {
        vm.prank(GOVERNOR);
        gateway.setFlowLimits(HOME, address(bond), limits);
    }

    /// @dev Honest burns of so much, which fill the inbound limit at home.
    function _releases(uint128 amount) private returns (Message memory) {
        deliver(HOME, REMOTE, locked(amount));
        burn(bond, BOB, amount, REMOTE, BOB);
        return sent[REMOTE][HOME][0];
    }
}

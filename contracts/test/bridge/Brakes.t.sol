// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Bounds, Direction, FlowLimits, IBrakes, Right} from "../../src/common/IBrakes.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Message, Reason} from "../../src/common/Protocol.sol";
import {HeldScenes} from "../HeldScenes.sol";

/// @notice Limits, delays, vetoes and pauses: what moves is bounded, and nothing is lost by it.
contract BrakesTest is HeldScenes {
    uint128 private constant OKU = 100_000_000;
    uint16 private constant LIMIT = 10; // oku
    uint16 private constant DELAY_ABOVE = 6; // oku
    address private immutable SECOND = _account("second guardian");

    function bounds() internal pure override returns (Bounds memory) {
        return Bounds(
            RETURN_DELAY, VETO_DELAY, FLOW_PERIOD, MAX_PAUSE, FlowLimits(LIMIT, LIMIT, DELAY_ABOVE), WATCH, OFFICERS
        );
    }

    // --- Limits ---

    function test_what_exceeds_the_inbound_limit_is_held_and_anyone_executes_it_when_there_is_room() external {
        _send(6 * OKU);
        Message memory message = _send(5 * OKU);
        _assertHeld(message, Reason.LIMIT);
        (uint256 fits, uint256 fitsAt) = gateway.preview(HOME, address(bond), Direction.INBOUND, 5 * OKU);
        vm.assertEq(fits, 4 * OKU, "fits");
        vm.assertEq(fitsAt, NOW + FLOW_PERIOD / 10, "when");
        vm.warp(fitsAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IGateway.StillHeld.selector, _leaf(message), Reason.LIMIT));
        gateway.retry(HOME, message);
        vm.warp(fitsAt);
        vm.prank(STRANGER);
        gateway.retry(HOME, message);
        vm.assertEq(wrapped.balanceOf(BOB), 11 * OKU, "minted");
    }

    function test_a_full_limit_on_either_side_of_midnight_is_not_two_limits() external {
        uint256 midnight = NOW - NOW % 1 days + 1 days;
        vm.warp(midnight - 1);
        _send(5 * OKU);
        _send(5 * OKU);
        vm.warp(midnight + 1);
        _assertHeld(_send(1 * OKU), Reason.LIMIT);
    }

    function test_outbound_is_refused_before_anything_moves() external {
        fund(bond, ALICE, 20 * OKU);
        _lock(10 * OKU);
        vm.chainId(HOME);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IBrakes.OutboundLimit.selector, address(bond), 0));
        home.lock(address(bond), LOT, REMOTE, BOB, "");
        vm.assertEq(bond.balanceOf(ALICE), 10 * OKU, "kept");
        vm.warp(NOW + FLOW_PERIOD);
        _lock(10 * OKU);
    }

    function test_a_burn_is_metered_likewise() external {
        _send(6 * OKU);
        vm.warp(NOW + FLOW_PERIOD);
        _send(6 * OKU);
        burn(bond, BOB, 10 * OKU, REMOTE, BOB);
        vm.chainId(REMOTE);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IBrakes.OutboundLimit.selector, address(bond), 0));
        gateway.burn(address(bond), 2 * OKU, BOB, "");
    }

    function test_half_of_what_flows_back_makes_room_and_never_more_than_the_limit() external {
        _send(5 * OKU);
        _send(5 * OKU);
        burn(bond, BOB, 3 * OKU, REMOTE, BOB);
        _assertFits(Direction.INBOUND, 3 * OKU / 2);
        _assertFits(Direction.OUTBOUND, 7 * OKU);
        burn(bond, BOB, 7 * OKU, REMOTE, BOB);
        _assertFits(Direction.INBOUND, 5 * OKU);
        _assertFits(Direction.OUTBOUND, 0);
        _send(4 * OKU);
        _assertFits(Direction.INBOUND, 1 * OKU);
        _assertFits(Direction.OUTBOUND, 2 * OKU);
        vm.warp(NOW + FLOW_PERIOD / 10);
        burn(bond, BOB, 3 * OKU, REMOTE, BOB);
        _send(1 * OKU);
        vm.warp(NOW + 10 * FLOW_PERIOD);
        _assertFits(Direction.INBOUND, 10 * OKU);
        _assertFits(Direction.OUTBOUND, 10 * OKU);
        burn(bond, BOB, 1 * OKU, REMOTE, BOB);
        _assertFits(Direction.INBOUND, 10 * OKU);
    }

    function test_a_change_of_limits_never_refills(uint16 inbound, uint32 wait) external {
        _send(5 * OKU);
        _send(5 * OKU);
        vm.warp(NOW + uint256(wait) % FLOW_PERIOD);
        (uint256 before,) = gateway.preview(HOME, address(bond), Direction.INBOUND, 0);
        uint256 used = uint256(LIMIT) * OKU - before;
        vm.prank(GOVERNOR);
        gateway.setFlowLimits(HOME, address(bond), FlowLimits(inbound, LIMIT, DELAY_ABOVE));
        (uint256 fits,) = gateway.preview(HOME, address(bond), Direction.INBOUND, 0);
        uint256 limit = uint256(inbound) * OKU;
        vm.assertEq(fits, limit > used ? limit - used : 0, "what is used stays used");
    }

    /// @dev k stolen keys mint without a lock: within any window of one period, at most the limit and what it regains.
    function test_a_quorum_that_lies_mints_at_most_what_the_limit_lets_through(
        uint96[8] memory amounts,
        uint32[8] memory waits
    ) external {
        uint256 start = vm.getBlockTimestamp();
        for (uint64 i = 0; i < amounts.length; ++i) {
            Message memory message = transferOf(FIRST + i, address(bond), ALICE, BOB, 0);
            (message.amount, message.runningTotal) = (uint128(bound(amounts[i], 1, 6 * OKU)), 1e15);
            vm.warp(vm.getBlockTimestamp() + waits[i] % (FLOW_PERIOD / 8));
            deliver(HOME, REMOTE, message);
            uint256 elapsed = vm.getBlockTimestamp() - start;
            uint256 most = uint256(LIMIT) * OKU + elapsed * LIMIT * OKU / FLOW_PERIOD + amounts.length;
            vm.assertLe(wrapped.balanceOf(BOB), most, "limit");
        }
    }

    function test_limits_of_one_route_and_asset_are_not_those_of_another() external {
        _send(5 * OKU);
        _send(5 * OKU);
        (uint256 other,) = gateway.preview(HOME, address(bill), Direction.INBOUND, 0);
        vm.assertEq(other, uint256(LIMIT) * OKU, "another bond");
        (uint256 elsewhere,) = home.preview(REMOTE2, address(bond), Direction.OUTBOUND, 0);
        vm.assertEq(elsewhere, uint256(LIMIT) * OKU, "another route");
        (uint256 unknown, uint256 never) = gateway.preview(HOME, STRANGER, Direction.INBOUND, 1);
        vm.assertTrue(unknown == 0 && never == 0, "an unknown bond");
    }

    // --- Delay and veto ---

    function test_a_large_amount_waits_and_is_then_executed_by_anyone() external {
        Message memory message = _send(7 * OKU);
        _assertHeld(message, Reason.DELAYED);
        vm.assertEq(gateway.opensAt(HOME, address(bond), _leaf(message)), NOW + VETO_DELAY, "opens at");
        vm.warp(NOW + VETO_DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IBrakes.StillDelayed.selector, _leaf(message), NOW + VETO_DELAY));
        gateway.retry(HOME, message);
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IBrakes.StillDelayed.selector, _leaf(message), NOW + VETO_DELAY));
        gateway.retry(HOME, message);
        vm.warp(NOW + VETO_DELAY);
        vm.prank(STRANGER);
        gateway.retry(HOME, message);
        vm.assertEq(wrapped.balanceOf(BOB), 7 * OKU, "minted");
    }

    function test_a_vetoed_amount_goes_back_to_its_sender() external {
        Message memory message = _send(7 * OKU);
        _appoint(SECOND, Right.VETO);
        vm.chainId(REMOTE);
        vm.prank(SECOND);
        bytes32 returnLeaf = gateway.veto(HOME, message);
        collect();
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotHeld.selector, _leaf(message)));
        gateway.retry(HOME, message);
        Message memory back = sent[REMOTE][HOME][0];
        vm.assertEq(leafOf(REMOTE, HOME, back), returnLeaf, "a return");
        uint256 before = bond.balanceOf(ALICE);
        deliver(REMOTE, HOME, back);
        vm.assertEq(bond.balanceOf(ALICE) - before, 7 * OKU, "to the sender");
        vm.assertEq(wrapped.totalSupply(), 0, "nothing was minted");
    }

    function test_a_veto_of_a_forgery_pays_nobody() external {
        Message memory forged = transferOf(FIRST, address(bond), STRANGER, STRANGER, 7 * OKU);
        deliver(HOME, REMOTE, forged);
        _appoint(SECOND, Right.VETO);
        vm.chainId(REMOTE);
        vm.prank(SECOND);
        gateway.veto(HOME, forged);
        collect();
        deliver(REMOTE, HOME, sent[REMOTE][HOME][0]);
        vm.assertEq(bond.balanceOf(STRANGER), 0, "home knows no such lock");
        (,, uint8 reason) = home.held(leafOf(REMOTE, HOME, sent[REMOTE][HOME][0]));
        vm.assertEq(reason, Reason.RETURN_UNMATCHED, "held");
    }

    function test_only_a_delayed_transfer_can_be_vetoed() external {
        Message memory message = _heldForCap();
        _appoint(SECOND, Right.VETO | Right.PAUSE);
        vm.prank(SECOND);
        vm.expectRevert(abi.encodeWithSelector(IBrakes.NotVetoable.selector, _leaf(message), Reason.CAP));
        gateway.veto(HOME, message);
    }

    /// @dev Nobody could veto it while its epoch was revoked.
    function test_a_delayed_amount_that_is_certified_again_waits_anew(uint32 wait) external {
        wait = uint32(bound(wait, 0, VETO_DELAY));
        Message memory message = _send(7 * OKU);
        _replace("second");
        _revoke(1);
        uint256 again = NOW + 1 hours + wait;
        vm.warp(again);
        vm.prank(OFFICERS);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochIsRevoked.selector, 1));
        gateway.veto(HOME, message);
        deliver(HOME, REMOTE, message);
        uint256 opensAt = again + VETO_DELAY;
        vm.assertEq(gateway.opensAt(HOME, address(bond), _leaf(message)), opensAt, "opens at");
        vm.warp(opensAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IBrakes.StillDelayed.selector, _leaf(message), opensAt));
        gateway.retry(HOME, message);
        vm.prank(OFFICERS);
        gateway.veto(HOME, message);
    }

    /// @dev Or whoever delivers could put it off for ever.
    function test_a_delayed_amount_of_a_living_epoch_does_not_wait_anew() external {
        Message memory message = _send(7 * OKU);
        _replace("second");
        vm.warp(NOW + VETO_DELAY);
        deliver(HOME, REMOTE, message);
        gateway.retry(HOME, message);
        vm.assertEq(wrapped.balanceOf(BOB), 7 * OKU, "minted");
    }

    function test_a_delayed_release_waits_at_home_too() external {
        _send(6 * OKU);
        vm.warp(NOW + FLOW_PERIOD);
        _send(6 * OKU);
        burn(bond, BOB, 8 * OKU, REMOTE, BOB);
        Message memory message = sent[REMOTE][HOME][0];
        deliver(REMOTE, HOME, message);
        (,, uint8 reason) = home.held(leafOf(REMOTE, HOME, message));
        vm.assertEq(reason, Reason.DELAYED, "held");
        vm.warp(vm.getBlockTimestamp() + VETO_DELAY);
        home.retry(REMOTE, message);
        vm.assertEq(bond.balanceOf(BOB), 8 * OKU, "released");
    }

    // --- Pause ---

    function test_a_paused_direction_holds_what_comes_in_and_refuses_what_leaves() external {
        _send(3 * OKU);
        _pause(GUARDIAN, Direction.INBOUND | Direction.OUTBOUND, 1 days);
        Message memory message = _send(1 * OKU);
        _assertHeld(message, Reason.PAUSED);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IBrakes.OutboundPaused.selector, address(bond), NOW + 1 days));
        gateway.burn(address(bond), LOT, BOB, "");
        vm.expectRevert(abi.encodeWithSelector(IGateway.StillHeld.selector, _leaf(message), Reason.PAUSED));
        gateway.retry(HOME, message);
        (uint256 fits, uint256 fitsAt) = gateway.preview(HOME, address(bond), Direction.OUTBOUND, LOT);
        vm.assertTrue(fits == 0 && fitsAt == NOW + 1 days, "preview");
        vm.warp(NOW + 1 days); // it ends by itself
        gateway.retry(HOME, message);
        burn(bond, BOB, LOT, REMOTE, BOB);
        vm.assertEq(wrapped.balanceOf(BOB), 4 * OKU - LOT, "both go on");
    }

    function test_a_pause_of_one_direction_leaves_the_other_open() external {
        _send(3 * OKU);
        _pause(GUARDIAN, Direction.INBOUND, 1 days);
        burn(bond, BOB, LOT, REMOTE, BOB);
        Message[] memory bills = _otherBond();
        deliver(HOME, REMOTE, bills);
        vm.assertEq(wrappedOf(bill, REMOTE).balanceOf(BOB), LOT, "another bond");
    }

    function test_a_guardian_cannot_end_a_pause_nor_prolong_it_alone() external {
        _pause(GUARDIAN, Direction.INBOUND, MAX_PAUSE);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotGovernor.selector, GUARDIAN));
        vm.prank(GUARDIAN);
        gateway.resume(HOME, address(bond), 3);
        vm.warp(NOW + MAX_PAUSE + 1 days - 1);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IBrakes.PauseNeedsAnother.selector, GUARDIAN));
        gateway.pause(HOME, _assets(), Direction.INBOUND, 1);
        _pause(SECOND, Direction.INBOUND, 1);
        vm.warp(NOW + MAX_PAUSE + 3 days);
        _pause(GUARDIAN, Direction.INBOUND, 1);
    }

    function test_a_bond_that_needs_another_guardian_keeps_no_other_from_being_paused() external {
        _pause(GUARDIAN, Direction.INBOUND, 0);
        address[] memory both = new address[](2);
        (both[0], both[1]) = (address(bond), address(bill));
        vm.prank(GUARDIAN);
        gateway.pause(HOME, both, Direction.INBOUND | Direction.OUTBOUND, 1 days);
        vm.assertEq(gateway.pausedUntil(HOME, address(bond), Direction.INBOUND), NOW, "needs another");
        vm.assertEq(gateway.pausedUntil(HOME, address(bond), Direction.OUTBOUND), NOW + 1 days, "the other way");
        vm.assertEq(gateway.pausedUntil(HOME, address(bill), Direction.INBOUND), NOW + 1 days, "another bond");
    }

    function test_a_large_amount_that_comes_in_a_pause_is_delayed_and_its_clock_starts_after_it() external {
        _pause(GUARDIAN, Direction.INBOUND, 1 days);
        Message memory message = _send(7 * OKU);
        _assertHeld(message, Reason.DELAYED);
        vm.warp(NOW + 1 days + VETO_DELAY - 1);
        vm.expectPartialRevert(IBrakes.StillDelayed.selector);
        gateway.retry(HOME, message);
        vm.warp(NOW + 1 days + VETO_DELAY);
        gateway.retry(HOME, message);
        vm.assertEq(wrapped.balanceOf(BOB), 7 * OKU, "minted");
    }

    function test_a_clock_that_goes_back_drains_nothing_and_stops_nobody() external {
        _send(3 * OKU);
        vm.warp(NOW - 1 days);
        burn(bond, BOB, LOT, REMOTE, BOB);
        vm.assertEq(wrapped.balanceOf(BOB), 3 * OKU - LOT, "burnt");
    }

    function test_a_pause_has_a_longest_duration() external {
        _appoint(GUARDIAN, Right.PAUSE);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IBrakes.PauseTooLong.selector, MAX_PAUSE + 1, MAX_PAUSE));
        gateway.pause(HOME, _assets(), Direction.INBOUND, MAX_PAUSE + 1);
    }

    function test_the_governor_ends_a_pause_early() external {
        _pause(GUARDIAN, Direction.INBOUND | Direction.OUTBOUND, MAX_PAUSE);
        vm.prank(GOVERNOR);
        gateway.resume(HOME, address(bond), Direction.INBOUND | Direction.OUTBOUND);
        _send(1 * OKU);
        vm.assertEq(wrapped.balanceOf(BOB), 1 * OKU, "minted");
    }

    /// @dev Otherwise whoever forces a pause would let the time run out in which a forgery can be vetoed.
    function test_a_pause_stops_the_clock_of_a_veto(uint32 first, uint32 length) external {
        first = uint32(bound(first, 0, VETO_DELAY - 1));
        length = uint32(bound(length, 1, MAX_PAUSE));
        Message memory message = _send(7 * OKU);
        vm.warp(NOW + first);
        _pause(GUARDIAN, Direction.INBOUND, length);
        uint256 opensAt = NOW + VETO_DELAY + length;
        vm.warp(opensAt - 1);
        vm.expectPartialRevert(IBrakes.StillDelayed.selector);
        gateway.retry(HOME, message);
        vm.warp(opensAt);
        gateway.retry(HOME, message);
        vm.assertEq(wrapped.balanceOf(BOB), 7 * OKU, "minted");
    }

    function test_a_return_that_the_limit_holds_is_paid_once_there_is_room() external {
        lock(bond, ALICE, 5 * OKU, REMOTE, address(wrapped)); // no recipient
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        _sendBack(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        vm.chainId(HOME);
        vm.startPrank(GOVERNOR);
        home.setFlowLimits(REMOTE, address(bond), FlowLimits(4, LIMIT, DELAY_ABOVE));
        uint256 before = bond.balanceOf(ALICE);
        Message memory message = sent[REMOTE][HOME][0];
        deliver(REMOTE, HOME, message);
        (,, uint8 reason) = home.held(leafOf(REMOTE, HOME, message));
        vm.assertEq(reason, Reason.LIMIT, "held");
        home.setFlowLimits(REMOTE, address(bond), FlowLimits(LIMIT, LIMIT, 1));
        vm.stopPrank();
        vm.prank(STRANGER);
        home.retry(REMOTE, message); // which no delay holds up
        vm.assertEq(bond.balanceOf(ALICE) - before, 5 * OKU, "paid back");
    }

    function _send(uint128 amount) private returns (Message memory message) {
        uint256 nonce = sent[HOME][REMOTE].length;
        lock(bond, ALICE, amount, REMOTE, BOB);
        message = sent[HOME][REMOTE][nonce];
        deliver(HOME, REMOTE, message);
        // What has left home is not what is tested here.
        vm.chainId(HOME);
        vm.startPrank(GOVERNOR);
        home.setFlowLimits(REMOTE, address(bond), FlowLimits(60_000, 60_000, DELAY_ABOVE));
        vm.stopPrank();
        vm.chainId(REMOTE);
    }

    function _lock(uint128 amount) private {
        vm.chainId(HOME);
        vm.prank(ALICE);
        home.lock(address(bond), amount, REMOTE, BOB, "");
        collect();
    }

    function _otherBond() private returns (Message[] memory messages) {
        uint256 nonce = sent[HOME][REMOTE].length;
        lock(bill, ALICE, LOT, REMOTE, BOB);
        return sentFrom(HOME, REMOTE, nonce, 1);
    }

    function _pause(address guardian, uint8 directions, uint32 duration) private {
        _appoint(guardian, Right.PAUSE);
        vm.chainId(REMOTE);
        vm.prank(guardian);
        gateway.pause(HOME, _assets(), directions, duration);
    }

    function _appoint(address guardian, uint8 rights) private {
        vm.prank(GOVERNOR);
        gateway.setGuardian(guardian, rights);
    }

    function _assets() private view returns (address[] memory assets) {
        assets = new address[](1);
        assets[0] = address(bond);
    }

    function _assertHeld(Message memory message, uint8 expected) private view {
        (,, uint8 reason) = gateway.held(_leaf(message));
        vm.assertEq(reason, expected, "held for");
    }

    function _assertFits(uint8 direction, uint256 expected) private view {
        (uint256 fits,) = gateway.preview(HOME, address(bond), direction, 0);
        vm.assertEq(fits, expected, "fits");
    }

    function _leaf(Message memory message) private view returns (bytes32) {
        return leafOf(HOME, REMOTE, message);
    }
}

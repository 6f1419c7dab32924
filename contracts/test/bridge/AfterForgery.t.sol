// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Direction, FlowLimits, IBrakes} from "../../src/common/IBrakes.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Message, Reason} from "../../src/common/Protocol.sol";
import {Incident} from "../Incident.sol";
import {SignerSet, Signers} from "../Signers.sol";

/// @notice What was vetoed or sent back of a forgery counts as settled. Who is honest gets through by the governor's word,
///         which stands for the running total of the source and for nothing else.
contract AfterForgeryTest is Incident {
    using Signers for SignerSet;

    // --- Nobody is frozen ---

    function test_a_veto_of_forged_releases_freezes_no_honest_burn() external {
        deliver(HOME, REMOTE, locked(MOST));
        _warp(2 days);
        deliver(HOME, REMOTE, locked(MOST));
        _vetoForgery(REMOTE, HOME, 20 * OKU);
        burn(bond, BOB, 3 * OKU, REMOTE, ALICE);
        burn(bond, BOB, 4 * OKU, REMOTE, ALICE);
        burn(bond, BOB, 13 * OKU, REMOTE, ALICE);
        Message[] memory burns = sentFrom(REMOTE, HOME, sent[REMOTE][HOME].length - 3, 3);
        deliver(REMOTE, HOME, burns[0]);
        _setLimits(HOME, REMOTE, FlowLimits(3, LIMIT, LIMIT));
        deliver(REMOTE, HOME, burns[1]);
        deliver(REMOTE, HOME, burns[2]);
        _assertReason(REMOTE, HOME, burns[0], Reason.TOTAL_EXCEEDED);
        _assertReason(REMOTE, HOME, burns[1], Reason.LIMIT);
        _assertReason(REMOTE, HOME, burns[2], Reason.DELAYED);
        _setLimits(HOME, REMOTE, FlowLimits(20, LIMIT, LIMIT));
        _warp(VETO_DELAY);
        for (uint256 i = 0; i < 3; ++i) {
            _retryAsGovernor(HOME, REMOTE, burns[i]);
        }
        vm.assertEq(bond.balanceOf(ALICE), 20 * OKU, "all of it was owed");
        vm.assertEq(home.locked(REMOTE, address(bond)), 0, "the book");
    }

    function test_a_veto_of_forged_mints_freezes_no_honest_lock() external {
        _vetoForgery(HOME, REMOTE, 60_000 * OKU);
        Message memory honest = locked(OKU);
        deliver(HOME, REMOTE, honest);
        _assertReason(HOME, REMOTE, honest, Reason.TOTAL_EXCEEDED);
        _retryAsGovernor(REMOTE, HOME, honest);
        vm.assertEq(wrapped.balanceOf(BOB), OKU, "minted");
    }

    function test_what_was_sent_back_of_a_forgery_freezes_no_honest_burn() external {
        deliver(HOME, REMOTE, locked(MOST));
        Message memory forged = _forged(65_535 * OKU);
        forged.recipient = address(0);
        deliver(REMOTE, HOME, forged);
        _warp(RETURN_DELAY);
        home.sendBack(REMOTE, forged);
        collect();
        burn(bond, BOB, MOST, REMOTE, ALICE);
        Message memory honest = sent[REMOTE][HOME][0];
        deliver(REMOTE, HOME, honest);
        _assertReason(REMOTE, HOME, honest, Reason.TOTAL_EXCEEDED);
        _retryAsGovernor(HOME, REMOTE, honest);
        vm.assertEq(bond.balanceOf(ALICE), MOST, "released");
    }

    /// @dev As many as are sent from then on, by other keys, and in the way of none that comes after it.
    function test_settled_stays_within_the_highest_total_however_often_the_governor_helps(uint8 times) external {
        _vetoForgery(HOME, REMOTE, 60_000 * OKU);
        _replaceAndRevoke();
        times = uint8(bound(times, 1, 8));
        for (uint256 i = 0; i < times; ++i) {
            Message memory honest = locked(OKU);
            deliver(HOME, REMOTE, honest);
            _assertReason(HOME, REMOTE, honest, Reason.TOTAL_EXCEEDED);
            _retryAsGovernor(REMOTE, HOME, honest);
            (uint128 highest, uint128 settled) = gateway.received(HOME, address(bond));
            vm.assertEq(settled, 60_000 * OKU + (i + 1) * OKU, "settled");
            vm.assertEq(highest, settled, "highest");
        }
        vm.assertEq(wrapped.balanceOf(BOB), times * OKU, "minted");
    }

    // --- And nothing else is let through ---

    function test_nobody_else_is_believed() external {
        _vetoForgery(HOME, REMOTE, 60_000 * OKU);
        Message memory honest = locked(OKU);
        deliver(HOME, REMOTE, honest);
        vm.expectRevert(
            abi.encodeWithSelector(IGateway.Quarantined.selector, leafOf(HOME, REMOTE, honest), Reason.TOTAL_EXCEEDED)
        );
        vm.prank(OFFICERS);
        gateway.retry(HOME, honest);
        _setLimits(REMOTE, HOME, FlowLimits(0, LIMIT, LIMIT));
        Message memory held = locked(OKU);
        deliver(HOME, REMOTE, held);
        _setLimits(REMOTE, HOME, FlowLimits(LIMIT, LIMIT, LIMIT));
        _expectStillHeld(HOME, REMOTE, held, Reason.TOTAL_EXCEEDED);
        vm.prank(STRANGER);
        gateway.retry(HOME, held);
    }

    function test_the_governor_waits_for_the_limit_and_for_the_end_of_a_pause() external {
        _vetoForgery(HOME, REMOTE, 60_000 * OKU);
        Message memory honest = locked(4 * OKU);
        deliver(HOME, REMOTE, honest);
        _setLimits(REMOTE, HOME, FlowLimits(3, LIMIT, LIMIT));
        _expectStillHeld(HOME, REMOTE, honest, Reason.LIMIT);
        _retryAsGovernor(REMOTE, HOME, honest);
        pauseAll(REMOTE, HOME, WATCH, Direction.INBOUND, 1 days);
        _expectStillHeld(HOME, REMOTE, honest, Reason.PAUSED);
        _retryAsGovernor(REMOTE, HOME, honest);
    }

    function test_the_governor_waits_for_the_delay() external {
        _vetoForgery(HOME, REMOTE, 60_000 * OKU);
        Message memory honest = locked(4 * OKU);
        deliver(HOME, REMOTE, honest);
        _setLimits(REMOTE, HOME, FlowLimits(LIMIT, LIMIT, 3));
        _retryAsGovernor(REMOTE, HOME, honest);
        _assertReason(HOME, REMOTE, honest, Reason.DELAYED);
        vm.expectPartialRevert(IBrakes.StillDelayed.selector);
        _retryAsGovernor(REMOTE, HOME, honest);
        _warp(VETO_DELAY);
        _retryAsGovernor(REMOTE, HOME, honest);
        vm.assertEq(wrapped.balanceOf(BOB), 4 * OKU, "minted");
    }

    function test_the_governor_mints_nothing_above_the_cap_and_releases_nothing_above_the_book() external {
        _vetoForgery(HOME, REMOTE, 60_000 * OKU);
        Message memory honest = locked(OKU);
        deliver(HOME, REMOTE, honest);
        vm.prank(GOVERNOR);
        gateway.setCap(address(bond), uint96(OKU - 1));
        _expectStillHeld(HOME, REMOTE, honest, Reason.CAP);
        _retryAsGovernor(REMOTE, HOME, honest);
        Message memory forged = forgery(1 << 40, OKU + LOT);
        forged.runningTotal = 0;
        deliver(REMOTE, HOME, forged);
        _assertReason(REMOTE, HOME, forged, Reason.TOTAL_EXCEEDED);
        _expectStillHeld(REMOTE, HOME, forged, Reason.BOOK_EXCEEDED);
        _retryAsGovernor(HOME, REMOTE, forged);
    }

    function test_the_governor_settles_nothing_above_what_an_account_can_count() external {
        Message memory forged = forgery(FIRST, OKU);
        forged.runningTotal = uint128(type(uint56).max) + 1;
        deliver(HOME, REMOTE, forged);
        _expectStillHeld(HOME, REMOTE, forged, Reason.TOTAL_EXCEEDED);
        _retryAsGovernor(REMOTE, HOME, forged);
    }

    /// @dev Stolen keys, found by officers who did what they are for. The total that was named covers just this.
    function _vetoForgery(uint256 source, uint256 destination, uint128 amount) private {
        Message memory forged = _forged(amount);
        deliver(source, destination, forged);
        _assertReason(source, destination, forged, Reason.DELAYED);
        vm.prank(OFFICERS);
        gateways[destination].veto(source, forged);
        collect();
    }

    function _forged(uint128 amount) private view returns (Message memory forged) {
        forged = forgery(1 << 40, amount);
        forged.runningTotal = amount;
    }

    function _replaceAndRevoke() private {
        SignerSet memory next = Signers.make(7, 5, "fresh");
        ICommittee committee = gateway.COMMITTEE();
        bytes memory members = next.members();
        vm.startPrank(GOVERNOR);
        enrol(REMOTE, committee.replace(5, members), next);
        committee.revoke(1);
        vm.stopPrank();
    }

    function _retryAsGovernor(uint256 chain, uint256 source, Message memory message) private {
        vm.chainId(chain);
        vm.prank(GOVERNOR);
        gateways[chain].retry(source, message);
    }

    function _setLimits(uint256 chain, uint256 other, FlowLimits memory limits) private {
        vm.chainId(chain);
        vm.prank(GOVERNOR);
        gateways[chain].setFlowLimits(other, address(bond), limits);
    }

    function _expectStillHeld(uint256 source, uint256 destination, Message memory message, uint8 reason) private {
        bytes32 leaf = leafOf(source, destination, message);
        vm.expectRevert(abi.encodeWithSelector(IGateway.StillHeld.selector, leaf, reason));
    }

    function _assertReason(uint256 source, uint256 destination, Message memory message, uint8 reason) private view {
        vm.assertEq(reasonOf(source, destination, message), reason, "held for");
    }

    function _warp(uint256 time) private {
        vm.warp(vm.getBlockTimestamp() + time);
    }
}

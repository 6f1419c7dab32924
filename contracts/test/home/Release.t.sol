// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../../src/common/BondTerms.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Batch, Kind, Message, Reason} from "../../src/common/Protocol.sol";
import {HomeSide} from "../HomeSide.sol";
import {Signers} from "../Signers.sol";
import {CallingToken, LooseToken, RefusingToken} from "../Tokens.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

/// @notice What comes home: releases and RETURNs, executed or HELD.
contract ReleaseTest is HomeSide {
    address private immutable FAR = _account("remote gateway");

    function setUp() external {
        deployHome(Signers.make(4, 3, "operators"));
        openRoute(REMOTE, FAR);
        openRoute(REMOTE2, _account("second remote gateway"));
        lock(bond, ALICE, 10 * LOT, REMOTE, BOB);
        lock(bill, ALICE, 10 * LOT, REMOTE, BOB);
        lock(bond, ALICE, 100 * LOT, REMOTE2, BOB);
    }

    // --- Releases ---

    function test_a_release_pays_the_recipient_out_of_the_book() external {
        Message memory message = transferOf(0, address(bond), BOB, STRANGER, 4 * LOT);
        vm.expectEmit(address(home));
        emit IGateway.Executed(leafOf(REMOTE, HOME, message), REMOTE, 0);
        deliver(REMOTE, HOME, message);
        vm.assertEq(bond.balanceOf(STRANGER), 4 * LOT, "paid");
        vm.assertEq(home.locked(REMOTE, address(bond)), 6 * LOT, "book");
        vm.assertEq(home.escrowed(address(bond)), 106 * LOT, "escrowed");
        vm.assertEq(bond.balanceOf(address(home)), 106 * LOT, "escrow");
        _assertReceived(address(bond), 4 * LOT, 4 * LOT);
    }

    function test_a_message_delivered_twice_releases_once() external {
        Message memory message = transferOf(0, address(bond), BOB, STRANGER, LOT);
        for (uint256 i = 0; i < 3; ++i) {
            deliver(REMOTE, HOME, message);
        }
        deliverOne(REMOTE, HOME, only(message), 0);
        vm.assertEq(bond.balanceOf(STRANGER), LOT, "paid once");
    }

    function test_a_batch_of_several_assets_pays_each(uint256 seed) external {
        Message[] memory messages = new Message[](8);
        uint128[2] memory totals;
        for (uint64 i = 0; i < 8; ++i) {
            uint256 which = seed >> i & 1;
            totals[which] += LOT;
            address asset = address(which == 0 ? bond : bill);
            messages[i] = Message(Kind.TRANSFER, i, asset, BOB, STRANGER, LOT, totals[which], "");
        }
        deliver(REMOTE, HOME, messages);
        vm.assertEq(bond.balanceOf(STRANGER), totals[0], "bonds");
        vm.assertEq(bill.balanceOf(STRANGER), totals[1], "bills");
        vm.assertEq(home.locked(REMOTE, address(bond)), 10 * LOT - totals[0], "book of bonds");
        vm.assertEq(home.locked(REMOTE, address(bill)), 10 * LOT - totals[1], "book of bills");
    }

    function test_a_remote_never_draws_more_than_was_locked_for_it() external {
        Message[] memory messages = new Message[](3);
        messages[0] = transferOf(0, address(bond), BOB, STRANGER, 6 * LOT);
        messages[1] = transferOf(1, address(bond), BOB, STRANGER, 6 * LOT);
        messages[2] = transferOf(2, address(bond), BOB, STRANGER, 4 * LOT);
        messages[2].runningTotal = 16 * LOT;
        deliver(REMOTE, HOME, messages);
        _assertHeld(messages[1], Reason.BOOK_EXCEEDED);
        vm.assertEq(bond.balanceOf(STRANGER), 10 * LOT, "the others are paid");
        vm.assertEq(home.locked(REMOTE2, address(bond)), 100 * LOT, "the other book is untouched");
    }

    function test_a_release_above_what_the_remote_says_it_sent_is_held() external {
        Message[] memory messages = new Message[](2);
        messages[0] = transferOf(0, address(bond), BOB, STRANGER, 3 * LOT);
        messages[0].runningTotal = 2 * LOT;
        messages[1] = transferOf(1, address(bond), BOB, STRANGER, 3 * LOT);
        messages[1].runningTotal = 5 * LOT;
        deliver(REMOTE, HOME, messages);
        _assertHeld(messages[0], Reason.TOTAL_EXCEEDED);
        vm.assertEq(bond.balanceOf(STRANGER), 3 * LOT, "the other is paid");
        _assertReceived(address(bond), 5 * LOT, 3 * LOT);
    }

    function test_totals_count_over_batches_in_any_order() external {
        deliver(REMOTE, HOME, transferOf(2, address(bond), BOB, STRANGER, LOT));
        _assertReceived(address(bond), 3 * LOT, LOT);
        deliver(REMOTE, HOME, transferOf(0, address(bond), BOB, STRANGER, LOT));
        _assertReceived(address(bond), 3 * LOT, 2 * LOT);
        Message memory greedy = transferOf(1, address(bond), BOB, STRANGER, LOT + LOT);
        greedy.runningTotal = 2 * LOT;
        deliver(REMOTE, HOME, greedy);
        _assertHeld(greedy, Reason.TOTAL_EXCEEDED);
        _assertReceived(address(bond), 3 * LOT, 2 * LOT);
    }

    function test_an_odd_lot_is_held() external {
        Message memory odd = transferOf(0, address(bond), BOB, STRANGER, LOT + 1);
        _assertHeldAmongOthers(odd, Reason.ODD_LOT);
    }

    function test_a_release_that_no_gateway_can_have_sent_is_held() external {
        Message memory message = transferOf(0, address(bond), BOB, STRANGER, 65_535 * 1e8 + LOT);
        _assertHeldAmongOthers(message, Reason.NOT_SENDABLE);
        message = transferOf(3, address(bond), BOB, STRANGER, LOT);
        message.data = new bytes(513);
        deliver(REMOTE, HOME, message);
        _assertHeld(message, Reason.NOT_SENDABLE);
    }

    function test_a_bond_not_announced_to_that_chain_is_held() external {
        LooseToken token = new LooseToken(_terms("JP1103521JA8"));
        _assertHeldAmongOthers(transferOf(0, address(token), BOB, STRANGER, LOT), Reason.ASSET_UNKNOWN);
        vm.prank(REGISTRAR);
        home.announce(address(token), REMOTE2, CAP);
        Message memory message = transferOf(3, address(token), BOB, STRANGER, LOT);
        deliver(REMOTE, HOME, message);
        _assertHeld(message, Reason.ASSET_UNKNOWN);
        message = transferOf(4, address(0), BOB, STRANGER, 0);
        deliver(REMOTE, HOME, message);
        _assertHeld(message, Reason.ASSET_UNKNOWN);
    }

    function test_who_cannot_be_paid_is_held() external {
        _assertHeldAmongOthers(transferOf(0, address(bond), BOB, address(0), LOT), Reason.RECIPIENT_INVALID);
        Message[] memory messages = new Message[](2);
        messages[0] = transferOf(3, address(bond), BOB, address(home), LOT);
        messages[1] = transferOf(4, address(bond), BOB, address(bond), LOT);
        deliver(REMOTE, HOME, messages);
        _assertHeld(messages[0], Reason.RECIPIENT_INVALID);
        _assertHeld(messages[1], Reason.RECIPIENT_INVALID);
    }

    function test_nothing_is_released_after_maturity() external {
        vm.warp(billTerms().maturityDate);
        Message[] memory messages = new Message[](2);
        messages[0] = transferOf(0, address(bill), BOB, STRANGER, LOT);
        messages[1] = transferOf(1, address(bond), BOB, STRANGER, LOT);
        deliver(REMOTE, HOME, messages);
        _assertHeld(messages[0], Reason.MATURED);
        vm.assertEq(bond.balanceOf(STRANGER), LOT, "the other is paid");
    }

    function test_home_takes_transfers_and_returns_and_no_other_kind(uint8 kind, bytes calldata data) external {
        vm.assume(kind != Kind.TRANSFER && kind != Kind.RETURN);
        Message memory message = Message(kind, 0, address(bond), BOB, STRANGER, LOT, LOT, data);
        _assertHeldAmongOthers(message, Reason.KIND_UNKNOWN);
    }

    function test_a_quorum_can_release_no_more_than_the_book_whatever_it_signs(Message memory message) external {
        message.nonce = 0;
        message.asset = address(bond);
        vm.assume(message.recipient != address(home));
        deliver(REMOTE, HOME, message);
        vm.assertGe(home.locked(REMOTE2, address(bond)), 100 * LOT, "other book");
        vm.assertEq(
            bond.balanceOf(address(home)),
            home.locked(REMOTE, address(bond)) + home.locked(REMOTE2, address(bond)),
            "escrow"
        );
    }

    // --- Tokens that misbehave ---

    function test_a_token_that_fails_reverts_and_can_be_delivered_later() external {
        RefusingToken token = new RefusingToken(_terms("JP1103521JA8"));
        _lockLoosely(token, abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
    }

    function test_a_token_cannot_release_while_it_is_released() external {
        (CallingToken token, Message memory second) = _armed();
        deliver(REMOTE, HOME, transferOf(0, address(token), BOB, STRANGER, LOT));
        vm.assertEq(
            token.answer(), abi.encodeWithSelector(ReentrancyGuard.ReentrancyGuardReentrantCall.selector), "refused"
        );
        vm.assertEq(token.balanceOf(STRANGER), LOT, "paid once");
        vm.assertFalse(home.isConsumed(REMOTE, 1), "the second one waits");
        deliver(REMOTE, HOME, second);
        vm.assertEq(token.balanceOf(STRANGER), 2 * LOT, "and is paid");
    }

    function test_a_token_cannot_release_while_it_is_locked() external {
        (CallingToken token,) = _armed();
        vm.prank(ALICE);
        home.lock(address(token), LOT, REMOTE, BOB, "");
        vm.assertEq(
            token.answer(), abi.encodeWithSelector(ReentrancyGuard.ReentrancyGuardReentrantCall.selector), "refused"
        );
        vm.assertEq(token.balanceOf(STRANGER), 0, "nothing is paid");
    }

    /// @dev A token with units locked that will deliver its own second release on its next transfer.
    function _armed() private returns (CallingToken token, Message memory second) {
        token = new CallingToken(_terms("JP1103521JA8"));
        vm.prank(REGISTRAR);
        home.announce(address(token), REMOTE, CAP);
        token.issue(ALICE, 5 * LOT);
        vm.startPrank(ALICE);
        token.approve(address(home), 5 * LOT);
        home.lock(address(token), 4 * LOT, REMOTE, BOB, "");
        vm.stopPrank();
        second = transferOf(1, address(token), BOB, STRANGER, LOT);
        Batch memory batch = batchOf(REMOTE, HOME, only(second));
        token.arm(address(home), abi.encodeCall(home.deliver, (batch, only(second), certify(batch))));
    }

    function _lockLoosely(RefusingToken token, bytes memory expected) private {
        vm.prank(REGISTRAR);
        home.announce(address(token), REMOTE, CAP);
        // It refuses to be locked as well; its units are put into the book by a token that behaves.
        bytes memory code = address(token).code;
        vm.etch(address(token), address(new LooseToken(_terms("JP1103521JA8"))).code);
        token.issue(ALICE, LOT);
        vm.startPrank(ALICE);
        token.approve(address(home), LOT);
        home.lock(address(token), LOT, REMOTE, BOB, "");
        vm.stopPrank();
        vm.etch(address(token), code);
        Message[] memory messages = only(transferOf(0, address(token), BOB, STRANGER, LOT));
        Batch memory batch = batchOf(REMOTE, HOME, messages);
        bytes memory certificate = certify(batch);
        vm.expectRevert(expected);
        home.deliver(batch, messages, certificate);
        vm.assertFalse(home.isConsumed(REMOTE, 0), "consumed");
        vm.etch(address(token), address(new LooseToken(_terms("JP1103521JA8"))).code);
        home.deliver(batch, messages, certificate);
        vm.assertEq(token.balanceOf(STRANGER), LOT, "paid");
    }

    function _assertHeldAmongOthers(Message memory message, uint8 reason) private {
        Message[] memory messages = new Message[](3);
        messages[0] = message;
        messages[1] = transferOf(1, address(bill), BOB, STRANGER, LOT);
        messages[2] = transferOf(2, address(bond), BOB, STRANGER, LOT);
        vm.expectEmit(address(home));
        emit IGateway.Held(leafOf(REMOTE, HOME, message), REMOTE, 0, 1, reason);
        deliver(REMOTE, HOME, messages);
        _assertHeld(message, reason);
        vm.assertEq(bill.balanceOf(STRANGER), LOT, "the second is paid");
        vm.assertEq(bond.balanceOf(STRANGER), LOT, "the third is paid");
        vm.assertEq(home.locked(REMOTE, address(bond)), 9 * LOT, "book");
    }

    function _assertHeld(Message memory message, uint8 expected) private view {
        (uint64 epoch, uint48 heldAt, uint8 reason) = home.held(leafOf(REMOTE, HOME, message));
        vm.assertEq(reason, expected, "reason");
        vm.assertEq(epoch, 1, "epoch");
        vm.assertEq(heldAt, vm.getBlockTimestamp(), "time");
        vm.assertTrue(home.isConsumed(REMOTE, message.nonce), "consumed");
    }

    function _assertReceived(address asset, uint256 highest, uint256 settled) private view {
        (uint128 highestTotal, uint128 settled_) = home.received(REMOTE, asset);
        vm.assertEq(highestTotal, highest, "highest total");
        vm.assertEq(settled_, settled, "settled");
    }

    function _terms(bytes12 isin) private pure returns (BondTerms memory terms) {
        terms = bondTerms();
        terms.isin = isin;
    }
}

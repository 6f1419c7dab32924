// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../../src/common/BondTerms.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Kind, Message} from "../../src/common/Protocol.sol";
import {HomeGateway} from "../../src/home/HomeGateway.sol";
import {IHomeGateway} from "../../src/home/IHomeGateway.sol";
import {HomeSide} from "../HomeSide.sol";
import {Signers} from "../Signers.sol";
import {CallingToken, FeeToken, LooseToken, LyingToken, RefusingToken, SilentToken} from "../Tokens.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

/// @notice Locks: what leaves home, and what does not.
contract LockTest is HomeSide {
    address private immutable FAR = _account("remote gateway");

    function setUp() external {
        deployHome(Signers.make(4, 3, "operators"));
        openRoute(REMOTE, FAR);
        openRoute(REMOTE2, _account("second remote gateway"));
    }

    // --- Locks ---

    function test_a_lock_moves_units_into_the_book_of_its_chain() external {
        lock(bond, ALICE, 3 * LOT, REMOTE, BOB);
        lock(bond, ALICE, 5 * LOT, REMOTE2, BOB);
        vm.assertEq(bond.balanceOf(address(home)), 8 * LOT, "escrow");
        vm.assertEq(home.escrowed(address(bond)), 8 * LOT, "escrowed");
        vm.assertEq(home.locked(REMOTE, address(bond)), 3 * LOT, "book");
        vm.assertEq(home.locked(REMOTE2, address(bond)), 5 * LOT, "other book");
        vm.assertEq(home.runningTotal(REMOTE, address(bond)), 3 * LOT, "running total");
        vm.assertEq(bond.balanceOf(ALICE), 0, "holder");
    }

    function test_a_lock_dispatches_what_its_leaf_says() external {
        fund(bond, ALICE, 2 * LOT);
        vm.prank(ALICE);
        bytes32 leaf = home.lock(address(bond), 2 * LOT, REMOTE, BOB, "invoice 7");
        collect();
        Message memory message = sent[HOME][REMOTE][2]; // behind two announcements
        vm.assertEq(
            abi.encode(message),
            abi.encode(Message(Kind.TRANSFER, 2, address(bond), ALICE, BOB, 2 * LOT, 2 * LOT, "invoice 7")),
            "message"
        );
        vm.assertEq(leaf, leafOf(HOME, REMOTE, message), "leaf");
        vm.assertEq(home.outboundLeaf(REMOTE, 2), leaf, "kept");
        vm.assertEq(home.nextNonce(REMOTE), 3, "next nonce");
        vm.assertEq(home.outboundLeaf(REMOTE, 3), 0, "and no more");
    }

    function test_running_totals_add_up_per_route_and_asset(uint8[12] calldata lots) external {
        uint256[2][2] memory totals;
        for (uint256 i = 0; i < lots.length; ++i) {
            (uint256 to, uint256 which) = (lots[i] % 2, lots[i] / 2 % 2);
            uint256 amount = (uint256(lots[i]) + 1) * LOT;
            lock(which == 0 ? bond : bill, ALICE, amount, REMOTE + to, BOB);
            totals[to][which] += amount;
            Message memory message = sent[HOME][REMOTE + to][sent[HOME][REMOTE + to].length - 1];
            vm.assertEq(message.runningTotal, totals[to][which], "running total");
        }
    }

    function test_a_lock_of_nothing_is_refused() external {
        _assertLockRefused(0, BOB, abi.encodeWithSelector(IGateway.AmountOutOfRange.selector, 0));
    }

    function test_a_lock_below_or_beside_the_denomination_is_refused(uint256 amount) external {
        amount = bound(amount, 1, type(uint96).max);
        if (amount % LOT == 0) ++amount;
        _assertLockRefused(
            amount, BOB, abi.encodeWithSelector(IGateway.NotMultipleOfDenomination.selector, amount, LOT)
        );
    }

    function test_a_lock_of_more_than_any_cap_is_refused(uint256 amount) external {
        amount = bound(amount, uint256(type(uint96).max) + 1, type(uint256).max);
        _assertLockRefused(amount, BOB, abi.encodeWithSelector(IGateway.AmountOutOfRange.selector, amount));
    }

    function test_a_lock_above_two_to_the_128_is_refused() external {
        uint256 amount = (uint256(1) << 128) / LOT * LOT + LOT;
        _assertLockRefused(amount, BOB, abi.encodeWithSelector(IGateway.AmountOutOfRange.selector, amount));
    }

    function test_a_lock_for_nobody_or_for_the_gateway_is_refused() external {
        _assertLockRefused(LOT, address(0), abi.encodeWithSelector(IGateway.RecipientRefused.selector, address(0)));
        _assertLockRefused(LOT, FAR, abi.encodeWithSelector(IGateway.RecipientRefused.selector, FAR));
    }

    function test_a_lock_to_an_unknown_chain_is_refused() external {
        fund(bond, ALICE, LOT);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGateway.RouteUnknown.selector, 99));
        home.lock(address(bond), LOT, 99, BOB, "");
    }

    function test_a_lock_of_what_was_not_announced_there_is_refused() external {
        LooseToken other = new LooseToken(_terms("JP1103521JA8"));
        _announce(address(other), REMOTE);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.AssetNotAnnounced.selector, REMOTE2, address(other)));
        home.lock(address(other), LOT, REMOTE2, BOB, "");
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.AssetNotAnnounced.selector, REMOTE, STRANGER));
        home.lock(STRANGER, LOT, REMOTE, BOB, "");
    }

    function test_nothing_is_locked_after_maturity() external {
        uint64 maturity = billTerms().maturityDate;
        vm.warp(maturity - 1);
        lock(bill, ALICE, LOT, REMOTE, BOB);
        vm.warp(maturity);
        fund(bill, ALICE, LOT);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGateway.BondMatured.selector, address(bill), maturity));
        home.lock(address(bill), LOT, REMOTE, BOB, "");
    }

    function test_a_reference_has_at_most_512_bytes() external {
        fund(bond, ALICE, 2 * LOT);
        vm.startPrank(ALICE);
        home.lock(address(bond), LOT, REMOTE, BOB, new bytes(512));
        vm.expectRevert(abi.encodeWithSelector(IGateway.DataTooLong.selector, 513, 512));
        home.lock(address(bond), LOT, REMOTE, BOB, new bytes(513));
    }

    function test_locks_per_account_and_block_are_limited() external {
        vm.prank(GOVERNOR);
        home.setLockLimit(REMOTE, 2);
        fund(bond, ALICE, 10 * LOT);
        fund(bond, BOB, LOT);
        vm.startPrank(ALICE);
        home.lock(address(bond), LOT, REMOTE, BOB, "");
        home.lock(address(bond), LOT, REMOTE, BOB, "");
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.TooManyLocks.selector, ALICE, 2));
        home.lock(address(bond), LOT, REMOTE, BOB, "");
        home.lock(address(bond), LOT, REMOTE2, BOB, "");
        vm.stopPrank();
        vm.prank(BOB);
        home.lock(address(bond), LOT, REMOTE, BOB, "");
        vm.roll(vm.getBlockNumber() + 1);
        vm.prank(ALICE);
        home.lock(address(bond), LOT, REMOTE, BOB, "");
    }

    function test_a_lock_without_the_units_is_refused() external {
        vm.prank(ALICE);
        bond.approve(address(home), LOT);
        vm.prank(ALICE);
        vm.expectRevert(
            abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", ALICE, 0, uint256(LOT))
        );
        home.lock(address(bond), LOT, REMOTE, BOB, "");
    }

    // --- Tokens that misbehave ---

    function test_a_token_that_returns_false_locks_nothing() external {
        RefusingToken token = new RefusingToken(_terms("JP1103521JA8"));
        _assertTokenRefused(token, abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
    }

    function test_a_token_that_takes_a_fee_locks_nothing() external {
        FeeToken token = new FeeToken(_terms("JP1103521JA8"));
        _assertTokenRefused(token, abi.encodeWithSelector(IHomeGateway.EscrowMismatch.selector, LOT, LOT - 1));
    }

    function test_a_token_that_lies_locks_nothing() external {
        LyingToken token = new LyingToken(_terms("JP1103521JA8"));
        _assertTokenRefused(token, abi.encodeWithSelector(IHomeGateway.EscrowMismatch.selector, LOT, 0));
    }

    function test_a_token_that_returns_nothing_is_locked_by_what_arrives() external {
        SilentToken token = new SilentToken(_terms("JP1103521JA8"));
        _announce(address(token), REMOTE);
        _fund(token);
        vm.prank(ALICE);
        home.lock(address(token), LOT, REMOTE, BOB, "");
        vm.assertEq(home.locked(REMOTE, address(token)), LOT, "locked");
    }

    function test_a_token_cannot_lock_while_it_is_being_locked() external {
        CallingToken token = new CallingToken(_terms("JP1103521JA8"));
        _announce(address(token), REMOTE);
        _fund(token);
        token.arm(address(home), abi.encodeCall(home.lock, (address(token), LOT, REMOTE, BOB, "")));
        vm.prank(ALICE);
        home.lock(address(token), LOT, REMOTE, BOB, "");
        vm.assertEq(
            token.answer(), abi.encodeWithSelector(ReentrancyGuard.ReentrancyGuardReentrantCall.selector), "refused"
        );
        vm.assertEq(home.locked(REMOTE, address(token)), LOT, "locked once");
    }

    function _assertLockRefused(uint256 amount, address recipient, bytes memory expected) private {
        fund(bond, ALICE, 10 * LOT);
        uint256 before = bond.balanceOf(ALICE);
        vm.prank(ALICE);
        vm.expectRevert(expected);
        home.lock(address(bond), amount, REMOTE, recipient, "");
        vm.assertEq(bond.balanceOf(ALICE), before, "nothing has moved");
        vm.assertEq(home.nextNonce(REMOTE), 2, "nothing was sent");
    }

    function _assertTokenRefused(LooseToken token, bytes memory expected) private {
        _announce(address(token), REMOTE);
        _fund(token);
        vm.prank(ALICE);
        vm.expectRevert(expected);
        home.lock(address(token), LOT, REMOTE, BOB, "");
        vm.assertEq(home.locked(REMOTE, address(token)), 0, "locked");
        vm.assertEq(home.runningTotal(REMOTE, address(token)), 0, "sent");
    }

    function _announce(address token, uint256 chain) private {
        vm.prank(REGISTRAR);
        home.announce(token, chain, CAP);
    }

    function _fund(LooseToken token) private {
        token.issue(ALICE, 10 * LOT);
        vm.prank(ALICE);
        token.approve(address(home), type(uint256).max);
    }

    function _terms(bytes12 isin) private pure returns (BondTerms memory terms) {
        terms = bondTerms();
        terms.isin = isin;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IGateway} from "../../src/common/IGateway.sol";
import {Kind, Message, Reason} from "../../src/common/Protocol.sol";
import {JGBToken} from "../../src/home/JGBToken.sol";
import {HeldScenes} from "../HeldScenes.sol";

/// @notice Messages that go back: when, to whom, and never a forgery.
contract SendBackTest is HeldScenes {
    // --- Sent back from a remote ---

    function test_a_mint_that_cannot_be_made_goes_back_to_the_recorded_sender() external {
        Message[] memory messages = _lateBond();
        deliver(HOME, REMOTE, messages[1]);
        bytes32 leaf = leafOf(HOME, REMOTE, messages[1]);
        bytes32 returnLeaf = _sendBack(HOME, REMOTE, messages[1]);
        _assertNotHeld(messages[1]);
        Message memory answer = sent[REMOTE][HOME][0];
        vm.assertEq(returnLeaf, leafOf(REMOTE, HOME, answer), "leaf");
        vm.expectEmit(address(home));
        emit IGateway.Returned(leaf, returnLeaf);
        deliver(REMOTE, HOME, answer);
        vm.assertEq(late.balanceOf(ALICE), LOT, "returned");
        vm.assertEq(home.locked(REMOTE, address(late)), 0, "book");
        vm.assertTrue(home.isReturned(leaf), "marked");
    }

    function test_a_return_quotes_the_transfer_it_answers() external {
        late = new JGBToken(_lateTerms(), ISSUER);
        announce(late, REMOTE);
        fund(late, ALICE, LOT);
        vm.prank(ALICE);
        bytes32 leaf = home.lock(address(late), LOT, REMOTE, BOB, "invoice 7");
        collect();
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST + 1]);
        _sendBack(HOME, REMOTE, sent[HOME][REMOTE][FIRST + 1]);
        vm.assertEq(
            abi.encode(sent[REMOTE][HOME][0]),
            abi.encode(
                Message(
                    Kind.RETURN,
                    0,
                    address(late),
                    BOB,
                    ALICE,
                    LOT,
                    LOT,
                    abi.encodePacked(leaf, uint256(FIRST + 1), uint256(uint160(BOB)), uint256(LOT), "invoice 7")
                )
            ),
            "message"
        );
        deliver(REMOTE, HOME, sent[REMOTE][HOME][0]);
        vm.assertEq(late.balanceOf(ALICE), LOT, "returned");
    }

    function test_nothing_goes_back_before_its_time() external {
        Message[] memory messages = _lateBond();
        deliver(HOME, REMOTE, messages[1]);
        bytes32 leaf = leafOf(HOME, REMOTE, messages[1]);
        vm.warp(NOW + RETURN_DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IGateway.ReturnTooEarly.selector, leaf, NOW + RETURN_DELAY));
        gateway.sendBack(HOME, messages[1]);
        vm.warp(NOW + RETURN_DELAY);
        vm.chainId(REMOTE);
        gateway.sendBack(HOME, messages[1]);
    }

    function test_a_message_goes_back_once_and_is_not_executed_then() external {
        Message[] memory messages = _lateBond();
        deliver(HOME, REMOTE, messages[1]);
        bytes32 leaf = leafOf(HOME, REMOTE, messages[1]);
        _sendBack(HOME, REMOTE, messages[1]);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotHeld.selector, leaf));
        gateway.sendBack(HOME, messages[1]);
        deliver(HOME, REMOTE, messages[0]);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotHeld.selector, leaf));
        gateway.retry(HOME, messages[1]);
        deliver(HOME, REMOTE, messages[1]);
        vm.assertEq(wrappedOf(late, REMOTE).totalSupply(), 0, "never minted");
    }

    function test_what_waits_for_another_reason_does_not_go_back() external {
        Message memory message = _heldForCap();
        bytes32 leaf = leafOf(HOME, REMOTE, message);
        vm.warp(NOW + RETURN_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotReturnable.selector, leaf, Reason.CAP));
        gateway.sendBack(HOME, message);
        // A return that cannot be paid is no transfer, and does not bounce for ever.
        _burnedAndSentBack();
        Message memory answer = sent[HOME][REMOTE][sent[HOME][REMOTE].length - 1];
        _assertReturnStays(answer);
    }

    function test_a_forgery_cannot_be_sent_back_above_what_home_says_it_sent() external {
        Message memory forged = transferOf(FIRST, STRANGER, ALICE, BOB, 2 * LOT);
        forged.runningTotal = LOT;
        deliver(HOME, REMOTE, forged);
        vm.warp(NOW + RETURN_DELAY);
        vm.chainId(REMOTE);
        vm.expectRevert(
            abi.encodeWithSelector(IGateway.NotReturnable.selector, leafOf(HOME, REMOTE, forged), Reason.TOTAL_EXCEEDED)
        );
        gateway.sendBack(HOME, forged);
    }

    function test_what_went_back_leaves_no_room_for_a_forgery() external {
        Message[] memory messages = _lateBond();
        deliver(HOME, REMOTE, messages[1]);
        _sendBack(HOME, REMOTE, messages[1]);
        deliver(HOME, REMOTE, messages[0]);
        Message memory forged = transferOf(99, address(late), ALICE, BOB, LOT);
        forged.runningTotal = LOT;
        deliver(HOME, REMOTE, forged);
        (,, uint8 reason) = gateway.held(leafOf(HOME, REMOTE, forged));
        vm.assertEq(reason, Reason.TOTAL_EXCEEDED, "held");
    }

    // --- Returns of forgeries ---

    function test_a_returned_forgery_pays_nobody() external {
        lock(bond, ALICE, 5 * LOT, REMOTE, BOB);
        Message memory forged = transferOf(FIRST + 1, STRANGER, STRANGER, BOB, LOT);
        deliver(HOME, REMOTE, forged);
        _sendBack(HOME, REMOTE, forged);
        Message memory answer = sent[REMOTE][HOME][0];
        deliver(REMOTE, HOME, answer);
        (,, uint8 reason) = home.held(leafOf(REMOTE, HOME, answer));
        vm.assertEq(reason, Reason.RETURN_UNMATCHED, "held");
        vm.assertEq(home.locked(REMOTE, address(bond)), 5 * LOT, "book");
    }

    /// @dev A quorum may sign any RETURN it likes: each part of the answered transfer must be as home recorded it.
    function test_a_return_pays_only_the_recorded_sender_the_recorded_amount(uint8 part) external {
        bytes32 leaf = lock(bond, ALICE, 2 * LOT, REMOTE, BOB);
        lock(bond, ALICE, 2 * LOT, REMOTE, BOB);
        bytes memory data = _quote(leaf, FIRST, BOB, 2 * LOT);
        Message memory answer = Message(Kind.RETURN, 0, address(bond), BOB, ALICE, 2 * LOT, 4 * LOT, data);
        part %= 9;
        if (part == 0) answer.asset = address(bill);
        if (part == 1) answer.recipient = STRANGER;
        if (part == 2) answer.amount = LOT;
        if (part == 3) answer.data = _quote(home.outboundLeaf(REMOTE, FIRST + 1), FIRST, BOB, 2 * LOT);
        if (part == 4) answer.data = _quote(leaf, FIRST + 1, BOB, 2 * LOT);
        if (part == 5) answer.data = _quote(leaf, FIRST, ALICE, 2 * LOT);
        if (part == 6) answer.data = _quote(leaf, FIRST, BOB, 3 * LOT);
        if (part == 7) answer.data = abi.encodePacked(data, "more");
        if (part == 8) answer.data = _quote(leafOf(HOME, REMOTE2, sent[HOME][REMOTE][FIRST]), FIRST, BOB, 2 * LOT);
        deliver(REMOTE, HOME, answer);
        (,, uint8 reason) = home.held(leafOf(REMOTE, HOME, answer));
        vm.assertEq(reason, Reason.RETURN_UNMATCHED, "held");
        vm.assertEq(home.locked(REMOTE, address(bond)), 4 * LOT, "book");
        answer = Message(Kind.RETURN, 1, address(bond), BOB, ALICE, 2 * LOT, 4 * LOT, data);
        deliver(REMOTE, HOME, answer);
        vm.assertEq(bond.balanceOf(ALICE), 2 * LOT, "the true one pays");
    }

    function test_a_return_with_words_out_of_range_is_held() external {
        bytes32 leaf = lock(bond, ALICE, LOT, REMOTE, BOB);
        uint256[3] memory words = [uint256(FIRST), uint256(uint160(BOB)), uint256(LOT)];
        uint8[3] memory bits = [64, 160, 128];
        for (uint64 i = 0; i < 3; ++i) {
            words[i] += 1 << bits[i];
            Message memory answer = Message(
                Kind.RETURN,
                i,
                address(bond),
                BOB,
                ALICE,
                LOT,
                LOT,
                abi.encodePacked(leaf, words[0], words[1], words[2])
            );
            deliver(REMOTE, HOME, answer);
            (,, uint8 reason) = home.held(leafOf(REMOTE, HOME, answer));
            vm.assertEq(reason, Reason.RETURN_UNMATCHED, "held");
            words[i] -= 1 << bits[i];
        }
    }

    function test_a_transfer_is_returned_once() external {
        bytes32 leaf = lock(bond, ALICE, LOT, REMOTE, BOB);
        lock(bond, ALICE, LOT, REMOTE, BOB);
        bytes memory data = _quote(leaf, FIRST, BOB, LOT);
        Message[] memory answers = new Message[](2);
        answers[0] = Message(Kind.RETURN, 0, address(bond), BOB, ALICE, LOT, LOT, data);
        answers[1] = Message(Kind.RETURN, 1, address(bond), BOB, ALICE, LOT, 2 * LOT, data);
        deliver(REMOTE, HOME, answers);
        vm.assertEq(bond.balanceOf(ALICE), LOT, "once");
        (,, uint8 reason) = home.held(leafOf(REMOTE, HOME, answers[1]));
        vm.assertEq(reason, Reason.RETURN_UNMATCHED, "held");
    }

    function test_a_return_is_exempt_from_the_denomination() external {
        // No lock can be odd; a governor's retry of an odd release shows that only TRANSFER is checked.
        Message memory odd = transferOf(0, address(bond), BOB, ALICE, 1);
        deliver(REMOTE, HOME, odd);
        (,, uint8 reason) = home.held(leafOf(REMOTE, HOME, odd));
        vm.assertEq(reason, Reason.ODD_LOT, "a transfer is");
        Message memory answer = Message(Kind.RETURN, 1, address(bond), BOB, ALICE, 1, 1, _quote(0, 0, BOB, 1));
        deliver(REMOTE, HOME, answer);
        (,, reason) = home.held(leafOf(REMOTE, HOME, answer));
        vm.assertEq(reason, Reason.RETURN_UNMATCHED, "a return is not");
    }

    // --- Sent back from home ---

    function test_a_release_that_cannot_be_made_goes_back_to_who_burned() external {
        _burnedAndSentBack();
        Message memory answer = sent[HOME][REMOTE][sent[HOME][REMOTE].length - 1];
        bytes32 burned = gateway.outboundLeaf(HOME, 0);
        deliver(HOME, REMOTE, answer);
        vm.assertEq(wrapped.balanceOf(BOB), LOT, "minted again");
        vm.assertTrue(gateway.isReturned(burned), "marked");
        vm.assertEq(home.locked(REMOTE, address(bond)), LOT, "book");
        deliver(HOME, REMOTE, answer);
        vm.assertEq(wrapped.balanceOf(BOB), LOT, "once");
    }

    function test_a_forged_return_mints_nothing() external {
        lock(bond, ALICE, LOT, REMOTE, BOB);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        bytes32 leaf = burn(bond, BOB, LOT, REMOTE, STRANGER);
        Message memory forged = Message(
            Kind.RETURN, FIRST + 1, address(bond), STRANGER, STRANGER, LOT, 2 * LOT, _quote(leaf, 0, STRANGER, LOT)
        );
        deliver(HOME, REMOTE, forged);
        (,, uint8 reason) = gateway.held(leafOf(HOME, REMOTE, forged));
        vm.assertEq(reason, Reason.RETURN_UNMATCHED, "held");
        vm.assertEq(wrapped.totalSupply(), 0, "not minted");
    }

    /// @dev BOB burns; the release is HELD at home because its bond is not announced there any more, and goes back.
    ///      Honest state never leads there, so the hold is made by taking the announcement out of storage.
    function _burnedAndSentBack() private {
        uint256 nonce = sent[HOME][REMOTE].length;
        _setCap(CAP);
        lock(bond, ALICE, LOT, REMOTE, BOB);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][nonce]);
        uint256 burns = sent[REMOTE][HOME].length;
        burn(bond, BOB, LOT, REMOTE, STRANGER);
        bytes32 slot = _announcedSlot();
        vm.store(address(home), slot, 0);
        deliver(REMOTE, HOME, sent[REMOTE][HOME][burns]);
        vm.store(address(home), slot, bytes32(uint256(1)));
        _sendBack(REMOTE, HOME, sent[REMOTE][HOME][burns]);
    }

    /// @dev Where `home.isAnnounced(REMOTE, bond)` is kept.
    function _announcedSlot() private returns (bytes32) {
        vm.record();
        home.isAnnounced(REMOTE, address(bond));
        (bytes32[] memory reads,) = vm.accesses(address(home));
        return reads[0];
    }

    function _assertReturnStays(Message memory answer) private {
        _setCap(0);
        deliver(HOME, REMOTE, answer);
        bytes32 leaf = leafOf(HOME, REMOTE, answer);
        (,, uint8 reason) = gateway.held(leaf);
        vm.assertEq(reason, Reason.CAP, "held");
        vm.warp(vm.getBlockTimestamp() + RETURN_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotReturnable.selector, leaf, Reason.CAP));
        gateway.sendBack(HOME, answer);
        _setCap(CAP);
        gateway.retry(HOME, answer);
        vm.assertEq(wrapped.balanceOf(BOB), LOT, "returned in the end");
    }
}

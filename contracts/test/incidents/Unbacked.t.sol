// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../../src/common/BondTerms.sol";
import {Message, Reason} from "../../src/common/Protocol.sol";
import {IHomeGateway} from "../../src/home/IHomeGateway.sol";
import {Incident} from "../Incident.sol";
import {Signers} from "../Signers.sol";
import {FeeToken, LooseToken, LyingToken, RefusingToken} from "../Tokens.sol";

/// @notice Qubit and KelpDAO: something was paid out for which nothing, or not so much, had come in.
contract UnbackedTest is Incident {
    /// @dev The "deposit" of a token that does not exist succeeded, as a call of nobody does.
    function test_qubit_2022_01_a_token_without_code_is_no_deposit(address nobody) external {
        vm.assume(nobody.code.length == 0);
        vm.chainId(HOME);
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.AssetHasNoCode.selector, nobody));
        home.announce(nobody, REMOTE, CAP);
        vm.prank(THIEF);
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.AssetNotAnnounced.selector, REMOTE, nobody));
        home.lock(nobody, LOT, REMOTE, THIEF, "");
    }

    function test_qubit_2022_01_what_has_not_arrived_is_not_sent() external {
        _assertLocksNothing(new LyingToken(_terms()));
        _assertLocksNothing(new FeeToken(_terms()));
        _assertLocksNothing(new RefusingToken(_terms()));
    }

    /// @dev The one verifier of a route believed forged data. Should all of ours: a route pays its own book, in its time,
    ///      and the others do not notice.
    function test_kelpdao_2026_04_a_deceived_route_loses_its_own_book_and_no_other() external {
        lock(bond, ALICE, 3 * OKU, REMOTE, BOB);
        lock(bond, ALICE, 9 * OKU, REMOTE2, BOB);
        deliver(HOME, REMOTE2, sent[HOME][REMOTE2][FIRST]);
        deliver(REMOTE, HOME, forgery(0, 5 * OKU));
        vm.assertEq(reasonOf(REMOTE, HOME, forgery(0, 5 * OKU)), Reason.BOOK_EXCEEDED, "more than its book");
        deliver(REMOTE, HOME, forgery(1, 3 * OKU));
        deliver(REMOTE, HOME, forgery(2, LOT));
        vm.assertEq(bond.balanceOf(THIEF), 3 * OKU, "its book");
        burn(bond, BOB, 9 * OKU, REMOTE2, BOB);
        deliver(REMOTE2, HOME, sent[REMOTE2][HOME][0]);
        vm.assertEq(bond.balanceOf(BOB), 9 * OKU, "the other route is whole");
    }

    function test_kelpdao_2026_04_a_deceived_remote_mints_up_to_its_limit_and_no_other_does() external {
        deliver(HOME, REMOTE, forgery(FIRST, MOST));
        deliver(HOME, REMOTE, forgery(FIRST + 1, LOT));
        vm.assertEq(wrapped.totalSupply(), MOST, "its limit");
        vm.assertEq(wrappedOf(bond, REMOTE2).totalSupply(), 0, "the other remote");
        uint256 nonce = sent[HOME][REMOTE2].length;
        lock(bond, ALICE, MOST, REMOTE2, BOB);
        deliver(HOME, REMOTE2, sent[HOME][REMOTE2][nonce]);
        vm.assertEq(wrappedOf(bond, REMOTE2).balanceOf(BOB), MOST, "whose limit is its own");
    }

    function _assertLocksNothing(LooseToken token) private {
        uint256 state = vm.snapshotState();
        vm.chainId(HOME);
        vm.prank(REGISTRAR);
        home.announce(address(token), REMOTE, CAP);
        token.issue(THIEF, 2 * LOT);
        vm.startPrank(THIEF);
        token.approve(address(home), 2 * LOT);
        vm.expectRevert();
        home.lock(address(token), LOT, REMOTE, THIEF, "");
        vm.stopPrank();
        vm.assertEq(home.locked(REMOTE, address(token)), 0, "book");
        vm.assertEq(home.runningTotal(REMOTE, address(token)), 0, "sent");
        vm.revertToState(state);
    }

    function _terms() private pure returns (BondTerms memory terms) {
        terms = bondTerms();
        terms.isin = "JP1103521JA8";
    }
}

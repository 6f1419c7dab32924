// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Account} from "../../src/common/Accounts.sol";
import {Direction, FlowLimits} from "../../src/common/IBrakes.sol";
import {Payment} from "../../src/common/Payments.sol";
import {Kind, Message, Reason} from "../../src/common/Protocol.sol";
import {Settlement} from "../../src/common/Settlement.sol";
import {HomeEnd} from "./Sides.sol";

/// @notice Nothing is released above the book, the limit or what the source has sent, whatever a quorum signs.
/// @dev In three steps that follow on each other, because together no solver decides them in minutes: how a run opens,
///      what one message may do to it, and what closing it pays. Every payment of either gateway is made in this way.
contract SettlementChecks is HomeEnd {
    function setUp() public {
        deploy();
        home.setEscrow(address(bond), FUNDS);
    }

    /// @dev From any account, book and limits: the room is the book, the meter is what is used, a pause leaves no room.
    function check_a_run_opens_with_book_meter_and_pause(
        uint256 word,
        uint48 limitWord,
        uint128 book,
        uint32 paused,
        bool isMature
    ) external {
        vm.assume(uint32(word >> 208) <= NOW && paused <= MAX_PAUSE);
        FlowLimits memory limits = FlowLimits(uint16(limitWord), uint16(limitWord >> 16), uint16(limitWord >> 32));
        if (paused != 0) _pause(paused);
        vm.prank(GOVERNOR);
        home.setFlowLimits(REMOTE, address(bond), limits);
        if (paused != 0) word |= uint256(Direction.INBOUND) << 240; // as `pause` writes, and nothing takes away
        home.setAccount(REMOTE, address(bond), word);
        home.setBook(REMOTE, address(bond), book);
        (uint256 inUsed, uint256 outUsed) = home.usedOf(REMOTE, address(bond));

        Settlement.Run memory fresh;
        (fresh.sourceChain, fresh.isMature) = (REMOTE, isMature);
        (uint8 reason, Settlement.Run memory run) = home.order(fresh, _transfer(address(0), 0, 0));

        assert(reason == Reason.RECIPIENT_INVALID);
        assert(run.asset == address(bond) && run.token == address(bond) && run.due.length == 0);
        assert(run.settled == Account.wrap(word).settled() && run.highestTotal == Account.wrap(word).highestTotal());
        assert(run.bound - run.settled <= book);
        if (paused != 0) assert(run.inUsed > run.inLimit);
        else assert(run.inLimit == uint256(limits.inbound) * 1e8 && run.inUsed == inUsed);
        assert(run.outUsed == outUsed);
        assert(run.delayAbove == (isMature ? type(uint256).max : uint256(limits.delayAbove) * 1e8));
    }

    /// @dev In any run that can have opened, for any amount, total and recipient: what is ordered fits everything, and
    ///      what does not fit changes nothing.
    function check_an_order_fits_everything(
        uint96 room,
        uint56 settled,
        uint56 highestTotal,
        uint48 inUsed,
        uint48 inLimit,
        uint256 delayAbove,
        uint128 amount,
        uint128 runningTotal,
        bool isByGovernor
    ) external {
        Settlement.Run memory run = _run(room, settled, highestTotal, inUsed, inLimit, delayAbove);
        run.isByGovernor = isByGovernor;
        (uint8 reason, Settlement.Run memory next) = home.order(run, _transfer(address(2), amount, runningTotal));

        uint256 highest = runningTotal > highestTotal ? runningTotal : highestTotal;
        if (isByGovernor && highest < uint256(settled) + amount) highest = uint256(settled) + amount;
        bool fits = amount <= 65_535 * 1e8 && amount <= delayAbove && uint256(inUsed) + amount <= inLimit
            && amount <= room && uint256(settled) + amount <= highest && highest <= type(uint56).max;
        assert((reason == Reason.NONE) == fits);
        assert((reason == Reason.NOT_SENDABLE) == (amount > 65_535 * 1e8));
        assert(next.bound == run.bound && next.inLimit == inLimit && next.delayAbove == delayAbove);
        assert(next.settled == (fits ? uint256(settled) + amount : settled));
        assert(next.inUsed == (fits ? uint256(inUsed) + amount : inUsed));
        assert(next.highestTotal == (fits ? highest : highestTotal));
        assert(next.due.length == (fits ? 1 : 0));
        if (fits) assert(next.due[0].account() == address(2) && next.due[0].amount() == amount);
    }

    function check_no_order_goes_where_nothing_may(uint8 refusal, address recipient, uint96 amount) external {
        Settlement.Run memory run = _run(type(uint96).max, 0, 0, 0, type(uint48).max, type(uint48).max);
        run.refusal = refusal;
        (uint8 reason,) = home.order(run, _transfer(recipient, amount, amount));
        bool isBarred = recipient == address(0) || recipient == address(home) || recipient == address(bond);
        if (amount > 65_535 * 1e8) assert(reason == Reason.NOT_SENDABLE);
        else if (refusal != Reason.NONE) assert(reason == refusal);
        else assert((reason == Reason.RECIPIENT_INVALID) == isBarred);
    }

    /// @dev Book, escrow, meters and payment move by the same amount, and no book goes below zero.
    function check_a_payment_comes_out_of_the_book(
        uint256 word,
        uint128 book,
        uint56 highestTotal,
        uint56 settled,
        uint48 inUsed,
        uint48 outUsed,
        address recipient,
        uint96 amount
    ) external {
        vm.assume(recipient != address(home) && recipient != address(0));
        Settlement.Run memory run;
        (run.sourceChain, run.asset, run.token) = (REMOTE, address(bond), address(bond));
        (run.opening, run.outUsed, run.inUsed) = (Account.wrap(word), outUsed, inUsed);
        (run.highestTotal, run.settled) = (highestTotal, settled);
        vm.assume(uint256(run.opening.settled()) + amount == settled); // as the orders have left it
        home.setBook(REMOTE, address(bond), book);
        (bool done,) = address(home).call(abi.encodeCall(home.close, (run, recipient, amount)));

        assert(done == (amount <= book));
        if (!done) return;
        assert(home.locked(REMOTE, address(bond)) == book - amount);
        assert(home.escrowed(address(bond)) == FUNDS - amount);
        assert(bond.balanceOf(recipient) == amount && bond.balanceOf(address(home)) == FUNDS - amount);
        Account account = Account.wrap(home.accountOf(REMOTE, address(bond)));
        assert(account.highestTotal() == highestTotal && account.settled() == settled);
        assert(account.paused() == Account.wrap(word).paused());
        (uint256 inAfter, uint256 outAfter) = home.usedOf(REMOTE, address(bond));
        assert(inAfter == inUsed && outAfter == (outUsed > amount / 2 ? outUsed - amount / 2 : 0)); // half
    }

    function _pause(uint32 duration) private {
        address[] memory assets = new address[](1);
        assets[0] = address(bond);
        vm.prank(WATCH);
        home.pause(REMOTE, assets, Direction.INBOUND, duration);
    }

    function _run(uint96 room, uint56 settled, uint56 highestTotal, uint48 inUsed, uint48 inLimit, uint256 delayAbove)
        private
        view
        returns (Settlement.Run memory run)
    {
        (run.asset, run.token) = (address(bond), address(bond));
        (run.settled, run.highestTotal, run.bound) = (settled, highestTotal, uint256(settled) + room);
        (run.inUsed, run.inLimit, run.delayAbove) = (inUsed, inLimit, delayAbove);
    }

    function _transfer(address recipient, uint128 amount, uint128 total) private view returns (Message memory) {
        return Message(Kind.TRANSFER, 7, address(bond), address(1), recipient, amount, total, "");
    }
}

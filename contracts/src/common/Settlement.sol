// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Account, Accounts, LimitWord, LimitWords} from "./Accounts.sol";
import {Brakes} from "./Brakes.sol";
import {Direction} from "./IBrakes.sol";
import {IGateway} from "./IGateway.sol";
import {Leaves} from "./Leaves.sol";
import {Payment, Payments} from "./Payments.sol";
import {Kind, Limits, Message, Reason} from "./Protocol.sol";
import {Inbound} from "./Wire.sol";

/// @notice What a gateway owes for inbound messages: bounded by what the source says it has sent and by the room there
///         is here, counted once, paid last.
/// @dev Consecutive messages of one asset form a run. Its state is read once, kept in memory, and written before the
///      first unit of it is paid.
abstract contract Settlement is Brakes {
    struct Run {
        uint256 sourceChain;
        address asset; // zero: the run is empty
        address token; // what pays: of this chain
        uint256 refusal; // why nothing of this asset can be paid
        Account opening; // the account before this run
        uint256 highestTotal;
        uint256 settled;
        uint256 bound; // what `settled` may grow to: there is room for no more
        bool isMature; // its messages have waited out their delay
        bool isByGovernor; // its messages may exceed what their source says it has sent
        uint256 delayAbove; // units; none if it is mature
        uint256 inLimit; // units
        uint256 inUsed; // units
        uint256 outUsed; // units, before this run
        Payment[] due;
    }

    /// @inheritdoc IGateway
    mapping(bytes32 leaf => bool) public isReturned;

    /// @notice Which token of this chain pays `asset`, how much it can pay, and why it cannot at all.
    function _open(uint256 sourceChain, address asset)
        internal
        view
        virtual
        returns (uint8 refusal, address token, uint96 room, LimitWord limits);

    /// @notice Why a payment is refused that there is no room for.
    function _shortage() internal pure virtual returns (uint8 reason);

    /// @notice Pays what a run ordered. Every effect but this chain's own books is written by now.
    function _pay(Run memory run) internal virtual;

    function _newRun(uint256 sourceChain, uint256 messages) internal pure returns (Run memory run) {
        run.sourceChain = sourceChain;
        run.refusal = Reason.ASSET_UNKNOWN;
        run.due = Payments.withCapacity(messages);
    }

    /// @inheritdoc IGateway
    function received(uint256 sourceChain, address asset)
        external
        view
        returns (uint128 highestTotal, uint128 settled)
    {
        Account account = _accounts[sourceChain][asset];
        return (account.highestTotal(), account.settled());
    }

    /// @notice Orders the payment of a TRANSFER, or returns why it cannot be paid.
    /// @dev What no gateway can have sent comes first, because it may not go back: its RETURN would be too long, and its
    ///      amount would count as settled.
    function _order(Run memory run, Inbound message) internal returns (uint8) {
        if (message.exceeds(LimitWords.MAX_LIMIT, Limits.MAX_REFERENCE)) return Reason.NOT_SENDABLE;
        if (message.asset() != run.asset) _switch(run, message.asset());
        return _place(run, message, run.delayAbove);
    }

    /// @dev In this order, so that what can never be paid here is known as that whenever it arrives, and can go back;
    ///      and what must wait for a veto waits for nothing else first.
    function _place(Run memory run, Inbound message, uint256 delayAbove) private view returns (uint8) {
        if (run.refusal != Reason.NONE) return uint8(run.refusal);
        address recipient = message.recipient();
        if (recipient == address(0) || recipient == address(this) || recipient == run.token) {
            return Reason.RECIPIENT_INVALID;
        }
        uint256 amount = message.amount();
        if (amount > delayAbove) return Reason.DELAYED;
        uint256 highest = message.runningTotal();
        if (highest < run.highestTotal) highest = run.highestTotal;
        (uint256 used, uint256 settled) = (run.inUsed, run.settled);
        unchecked {
            (used, settled) = (used + amount, settled + amount); // fewer than 57 bits and 128 bits
        }
        if (used > run.inLimit) {
            bool isPaused = _isPaused(run.opening, run.sourceChain, run.asset, Direction.INBOUND);
            return isPaused ? Reason.PAUSED : Reason.LIMIT;
        }
        if (settled > highest) {
            if (!run.isByGovernor) return Reason.TOTAL_EXCEEDED;
            highest = settled;
        }
        if (highest > Accounts.MAX_TOTAL) return Reason.TOTAL_EXCEEDED;
        if (settled > run.bound) return _shortage();
        (run.inUsed, run.highestTotal, run.settled) = (used, highest, settled);
        Payments.push(run.due, recipient, uint96(amount));
        return Reason.NONE;
    }

    /// @notice Orders the payment of a RETURN, if it answers a transfer of this gateway.
    /// @dev It fills the limit like any other: each transfer was metered when it left, but those of years are not to be
    ///      undone in a day. The transfer has made half of the room that an early RETURN of it needs.
    function _orderBack(Run memory run, Inbound message, bytes32 returnLeaf) internal returns (uint8 reason) {
        bytes32 leaf = _returnedLeaf(run.sourceChain, message);
        if (leaf == bytes32(0)) return Reason.RETURN_UNMATCHED;
        if (message.asset() != run.asset) _switch(run, message.asset());
        reason = _place(run, message, type(uint256).max);
        if (reason != Reason.NONE) return reason;
        isReturned[leaf] = true;
        emit Returned(leaf, returnLeaf);
    }

    /// @notice Writes down and pays what was ordered; the run is empty afterwards.
    function _close(Run memory run) internal {
        if (run.due.length != 0) {
            _accounts[run.sourceChain][run.asset] = _closing(run);
            _pay(run);
            Payments.clear(run.due);
        }
        run.asset = address(0);
        run.refusal = Reason.ASSET_UNKNOWN;
    }

    /// @notice Counts a message that is sent back. Returns false if it exceeds what its source says it has sent.
    function _settleUnpaid(uint256 sourceChain, Inbound message) internal returns (bool) {
        Account account = _accounts[sourceChain][message.asset()];
        uint256 highest = _larger(account.highestTotal(), message.runningTotal());
        uint256 settled = uint256(account.settled()) + message.amount();
        if (settled > highest || highest > Accounts.MAX_TOTAL) return false;
        _accounts[sourceChain][message.asset()] = account.withTotals(highest, settled);
        return true;
    }

    /// @notice Sends a message that cannot be executed back to its sender; see `_returnedLeaf` for the data.
    function _dispatchReturn(uint256 sourceChain, Inbound message, bytes32 leaf) internal returns (bytes32) {
        bytes memory data = abi.encodePacked(
            leaf,
            uint256(message.nonce()),
            uint256(uint160(message.recipient())),
            uint256(message.runningTotal()),
            message.data()
        );
        return _dispatch(
            sourceChain, Kind.RETURN, message.asset(), message.recipient(), message.sender(), message.amount(), data
        );
    }

    function _switch(Run memory run, address asset) private {
        _close(run);
        Account account = _accounts[run.sourceChain][asset];
        (uint256 refusal, address token, uint256 room, LimitWord limits) = _open(run.sourceChain, asset);
        (run.asset, run.token, run.refusal, run.opening) = (asset, token, refusal, account);
        uint256 settled = account.settled();
        (run.highestTotal, run.settled) = (account.highestTotal(), settled);
        unchecked {
            run.bound = settled + room; // 56 bits and 96 bits
        }
        uint256 inLimit = limits.inLimit();
        run.inLimit = inLimit;
        (run.inUsed, run.outUsed) = account.drained(inLimit, limits.outLimit(), FLOW_PERIOD);
        run.delayAbove = run.isMature ? type(uint256).max : limits.delayAbove();
        // A run that is paused orders nothing and writes nothing: its limit counts as used up.
        if (_isPaused(account, run.sourceChain, asset, Direction.INBOUND)) (run.inLimit, run.inUsed) = (0, 1);
    }

    /// @dev Half of what a run pays drains the other direction, in one step.
    function _closing(Run memory run) private view returns (Account) {
        (Account opening, uint256 settled) = (run.opening, run.settled);
        unchecked {
            uint256 outUsed = Accounts.less(run.outUsed, (settled - opening.settled()) >> 1); // it only grows in a run
            return Accounts.pack(run.highestTotal, settled, run.inUsed, outUsed, block.timestamp, opening.paused());
        }
    }

    /// @notice The outbound leaf that the RETURN `message` answers; zero unless this gateway sent exactly that
    ///         transfer (asset, amount and sender included) and it was not returned before.
    /// @dev Data of a RETURN: leaf, nonce, recipient and running total of the transfer as words, then its data.
    function _returnedLeaf(uint256 sourceChain, Inbound message) private view returns (bytes32 leaf) {
        bytes calldata data = message.data();
        if (data.length < 128) return bytes32(0);
        (bytes32 named, uint256 nonce, uint256 recipient, uint256 total) =
            abi.decode(data[:128], (bytes32, uint256, uint256, uint256));
        if (nonce > type(uint64).max || recipient > type(uint160).max || total > type(uint128).max) return bytes32(0);
        Message memory sent = Message({
            kind: Kind.TRANSFER,
            nonce: uint64(nonce),
            asset: message.asset(),
            sender: message.recipient(),
            recipient: address(uint160(recipient)),
            amount: message.amount(),
            runningTotal: uint128(total),
            data: data[128:]
        });
        leaf = Leaves.leafOf(block.chainid, address(this), sourceChain, _counterpart(sourceChain), sent);
        if (leaf != named || outboundLeaf[sourceChain][uint64(nonce)] != leaf || isReturned[leaf]) return bytes32(0);
    }

    function _larger(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}

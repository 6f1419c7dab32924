// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice Everything that changes when units of an asset move on a route, in one word: from the lowest bit on,
///         56 bits highest running total of a settled inbound message, 56 gross inbound units executed or sent back,
///         48 units of the inbound limit in use, 48 units of the outbound limit in use, 32 UTC seconds of these two,
///         8 directions whose pause may still last.
/// @dev JPY 72 quadrillion can be counted per route and asset: more than fifty times all bonds there are.
type Account is uint256;

using Accounts for Account global;

library Accounts {
    uint256 internal constant MAX_TOTAL = type(uint56).max;

    /// @dev No number may exceed its bits.
    function pack(
        uint256 highestTotal_,
        uint256 settled_,
        uint256 inUsed_,
        uint256 outUsed_,
        uint256 time,
        uint256 paused_
    ) internal pure returns (Account) {
        return Account.wrap(
            highestTotal_ | settled_ << 56 | inUsed_ << 112 | outUsed_ << 160 | time << 208 | paused_ << 240
        );
    }

    function highestTotal(Account account) internal pure returns (uint128) {
        return uint56(Account.unwrap(account));
    }

    function settled(Account account) internal pure returns (uint128) {
        return uint56(Account.unwrap(account) >> 56);
    }

    /// @notice What is still used of both limits after the time that has passed. `limits` are units per `period`.
    function drained(Account account, uint256 inLimit, uint256 outLimit, uint256 period)
        internal
        view
        returns (uint256 inUsed, uint256 outUsed)
    {
        uint256 word = Account.unwrap(account);
        unchecked {
            uint256 elapsed = less(block.timestamp, uint32(word >> 208));
            inUsed = less(uint48(word >> 112), elapsed * inLimit / period);
            outUsed = less(uint48(word >> 160), elapsed * outLimit / period);
        }
    }

    function paused(Account account) internal pure returns (uint256) {
        return uint8(Account.unwrap(account) >> 240);
    }

    function withTotals(Account account, uint256 highestTotal_, uint256 settled_) internal pure returns (Account) {
        return Account.wrap(Account.unwrap(account) >> 112 << 112 | highestTotal_ | settled_ << 56);
    }

    function withUsed(Account account, uint256 inUsed_, uint256 outUsed_) internal view returns (Account) {
        return pack(account.highestTotal(), account.settled(), inUsed_, outUsed_, block.timestamp, account.paused());
    }

    function withPaused(Account account, uint8 directions) internal pure returns (Account) {
        return Account.wrap(Account.unwrap(account) | uint256(directions) << 240);
    }

    /// @notice a - b, or zero if b is larger.
    function less(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            return a > b ? a - b : 0;
        }
    }
}

/// @notice `FlowLimits` in 48 bits: inbound, outbound and delay from the lowest bit on.
type LimitWord is uint48;

using LimitWords for LimitWord global;

library LimitWords {
    uint256 internal constant OKU = 100_000_000;
    /// @dev What sixteen bits of oku come to: no limit admits a larger amount.
    uint256 internal constant MAX_LIMIT = 6_553_500_000_000;

    function inLimit(LimitWord limits) internal pure returns (uint256) {
        unchecked {
            return (uint256(LimitWord.unwrap(limits)) & 0xffff) * OKU; // 16 bits and 27 bits
        }
    }

    function outLimit(LimitWord limits) internal pure returns (uint256) {
        unchecked {
            return (uint256(LimitWord.unwrap(limits)) >> 16 & 0xffff) * OKU;
        }
    }

    function delayAbove(LimitWord limits) internal pure returns (uint256) {
        unchecked {
            return (uint256(LimitWord.unwrap(limits)) >> 32) * OKU;
        }
    }
}

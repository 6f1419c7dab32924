// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorV2V3Interface} from "./AggregatorV2V3Interface.sol";
import {Fixing, Fixings} from "./Fixings.sol";

/// @notice What a feed is, fixed when it is deployed.
struct FeedTerms {
    string name; // of the series; its keccak256 is the feed's id
    string unit; // such as "percent per annum"
    string dayCount; // such as "ACT/365F"
    string group; // of series that are reported together
    bool isPrice; // strictly positive
    uint8 dueLag; // business days from the observation date to the publication of its final number
    uint32 dueAt; // seconds after midnight in Japan at which it is due
}

/// @notice Whether the latest number may be taken for today's.
enum Freshness {
    STALE, // a newer one is overdue beyond its grace, or the calendar does not reach
    LATE, // a newer one is due and has not come
    NOT_DUE_YET, // older than a day, and rightly so: nothing newer was due, as on holidays
    FRESH // nothing newer was due, and it is less than a day old
}

/// @notice One series on one chain (METHODOLOGY): the latest number, every round, every date.
/// @dev Rounds are contiguous from 1 and never change; their dates never fall. What comes for an older date is no round
///      and is read by date. Days are Japanese ones.
interface IFeed is AggregatorV2V3Interface {
    /// @notice A number of an older date, or a day without one.
    event DayRevised(uint32 indexed date, uint8 status, uint32 revision, int256 value);
    /// @notice Reporters signed that they cannot agree on a number, and why (METHODOLOGY lists the reasons).
    event HoldDeclared(uint32 indexed date, uint32 revision, int256 reason);

    error NotOracle(address caller);
    error GroupMismatch(bytes32 given, bytes32 required);
    error PriceNotPositive(int256 value);
    error ReasonOutOfRange(int256 reason);
    error StatusUnknown(uint8 status);
    error StatusGoesBack(uint8 given, uint8 known);
    error RoundUnknown(uint256 round);
    error NoRounds();
    error DateUnknown(uint32 date);
    error NotLatest(uint32 date, uint32 revision);
    error ExpiryTooFar(uint64 given, uint64 most);

    /// @notice Takes one number of a verified report; one that is not newer than what is known is skipped quietly. Only
    ///         the oracle.
    /// @param group What the report was about.
    /// @param stated The number: of a fixing that is no round yet; of a hold, the reason for a value.
    function record(bytes32 group, Fixings.Word stated) external;

    /// @notice Appends a round that repeats the latest number. Only the oracle.
    function carry(uint32 date, uint32 revision, int256 value, uint64 attestedAt, uint64 expiresAt) external;

    /// @notice The latest number. Reverts NoRounds if there is none.
    function latest() external view returns (Fixing memory);

    /// @notice What is known now about a day: its newest revision. Reverts DateUnknown if nothing is.
    function fixingOn(uint32 date) external view returns (Fixing memory);

    /// @notice The revision of what is known about a day, holds included; zero if nothing is.
    function revisionOn(uint32 date) external view returns (uint32);

    /// @notice What was known about a day at a time. Reverts DateUnknown if nothing was.
    function fixingAsOf(uint32 date, uint40 time) external view returns (Fixing memory);

    /// @notice The round that was the latest at a time. Reverts NoRounds if none was.
    function latestAsOf(uint40 time) external view returns (Fixing memory);

    /// @notice The day about which reporters hold, the revision and the reason; zeros if they do not.
    function hold() external view returns (uint32 date, uint32 revision, uint16 reason);

    function freshness() external view returns (Freshness);

    /// @notice UTC seconds at which the number after the latest one is due. Reverts if the calendar does not reach.
    function nextDueAt() external view returns (uint64);

    /// @notice Dates whose settled number was changed or withdrawn, in the order in which that became known.
    function correctedDate(uint256 index) external view returns (uint32);
    function corrections() external view returns (uint256);

    function isCarried(uint80 roundId) external view returns (bool);
    function unit() external view returns (string memory);
    function dayCount() external view returns (string memory);
    function ID() external view returns (bytes32);
    function GROUP() external view returns (bytes32);
}

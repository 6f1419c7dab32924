// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {FeedTerms, IFeed} from "./IFeed.sol";
import {CalendarReport, Entry, Observation, Report, Rotation, StillLatest} from "./Reports.sol";

/// @notice One report to push.
struct Push {
    Report report;
    Entry[] entries;
    bytes certificate;
}

/// @notice One signature of one reporter, and an entry proven into what was signed.
struct Statement {
    Report report;
    Entry entry;
    bytes32[] proof;
    bytes signature;
}

/// @notice Verifies what a quorum of reporters signed, keeps the calendar and writes the feeds (SPEC 10).
/// @dev Anyone may call everything but `createFeed`: what counts is the certificate.
interface IRateOracle {
    event FeedCreated(bytes32 indexed feed, address indexed deployed, string name);
    event CalendarUpdated(uint16 indexed year, uint32 version, uint256 bits0, uint256 bits1);
    event EquivocationProven(uint64 indexed epoch, uint256 indexed index, bytes32 feed, uint32 date, uint32 revision);

    error NotGovernor(address caller);
    error ZeroAddress();
    error SchedulerMismatch(address scheduler);
    error EntryCount(uint256 given, uint256 signed);
    error FeedsNotAscending(bytes32 feed);
    error RootMismatch(bytes32 given, bytes32 signed);
    error ProofInvalid(bytes32 leaf, bytes32 root);
    error FeedUnknown(bytes32 feed);
    error FeedExists(bytes32 feed);
    error StatusTooLow(uint8 given, uint8 required);
    error Expired(uint64 validUntil);
    error Superseded(uint32 known, uint32 given);
    error NotBusinessDay(uint32 date);
    error YearUnknown(uint16 year);
    error PastDaysChange(uint16 year);
    error CalendarEmpty(uint16 year);
    error DaysBeyondYear(uint16 year);
    error MembersMismatch(bytes32 given, bytes32 signed);
    error AttestationFromTheFuture(uint64 attestedAt);
    error NoEquivocation();

    /// @notice Deploys the feed of one series. Only the governor.
    function createFeed(FeedTerms calldata terms) external returns (IFeed);

    /// @notice Stores all observations of one report. What the feeds know already is skipped quietly, so that publishers
    ///         may race.
    function push(Report calldata report, Entry[] calldata entries, bytes calldata certificate) external;

    /// @notice Stores several reports at once, in their order.
    function pushMany(Push[] calldata pushes) external;

    /// @notice Takes the business days of one year: its first version, or a higher one that changes future days only. A
    ///         version that is not higher is skipped quietly.
    function pushCalendar(CalendarReport calldata report, bytes calldata certificate) external;

    /// @notice Repeats the latest number of a feed in a round marked as carried. `observation` is the one attested.
    function attestStillLatest(
        StillLatest calldata attestation,
        Observation calldata observation,
        bytes calldata certificate
    ) external;

    /// @notice Schedules the reporters' successors.
    function rotate(Rotation calldata rotation, bytes calldata members, bytes calldata certificate) external;

    /// @notice Ejects the reporter at `index` of the active set who signed two values for one number; k stays.
    function proveEquivocation(uint256 index, Statement calldata one, Statement calldata other) external;

    /// @notice One observation out of a report, stored or not, that may be used now: at least `minStatus`, not past its
    ///         valid-until, not known to be superseded. Says nothing of whether a newer one exists.
    /// @param minStatus PROVISIONAL, FINAL or CORRECTED.
    function verifyObservation(
        Report calldata report,
        Entry calldata entry,
        bytes32[] calldata proof,
        bytes calldata certificate,
        uint8 minStatus
    ) external view returns (Observation memory);

    /// @notice One observation as it was signed, whatever became of it.
    function verifyHistorical(
        Report calldata report,
        Entry calldata entry,
        bytes32[] calldata proof,
        bytes calldata certificate
    ) external view returns (Observation memory);

    /// @notice The feed of an id; zero if there is none.
    function feedOf(bytes32 feed) external view returns (address);

    /// @notice Terms of the feed that is being deployed in this transaction.
    function termsOfNewFeed() external view returns (FeedTerms memory);

    /// @notice Whether a day is a business day in Japan. Reverts YearUnknown where the calendar does not reach.
    function isBusinessDay(uint256 day) external view returns (bool);

    /// @notice The business day `count` business days after `day`. Reverts YearUnknown where the calendar does not reach.
    function businessDayAfter(uint256 day, uint256 count) external view returns (uint256);

    function calendarOf(uint16 year) external view returns (uint32 version, uint256 bits0, uint256 bits1);

    function ORACLE_ID() external view returns (bytes32);
}

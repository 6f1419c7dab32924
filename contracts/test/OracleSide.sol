// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {EcdsaReporters} from "../src/oracle/EcdsaReporters.sol";
import {Feed} from "../src/oracle/Feed.sol";
import {FeedTerms, IFeed} from "../src/oracle/IFeed.sol";
import {IReporters} from "../src/oracle/IReporters.sol";
import {RateOracle} from "../src/oracle/RateOracle.sol";
import {CalendarReport, Entry, Report, Reports, Status} from "../src/oracle/Reports.sol";
import {SignerSet, Signers} from "./Signers.sol";
import {Trees} from "./Trees.sol";
import {Test} from "./Vm.sol";

/// @notice An oracle with reporters whose keys we hold, a calendar without holidays but weekends, and feeds.
abstract contract OracleSide is Test {
    using Signers for SignerSet;
    using Reports for *;

    address internal constant GOVERNOR = address(0x60);
    address internal constant GUARDIAN = address(0x61);
    bytes32 internal constant ORACLE_ID = keccak256("an oracle");
    uint48 internal constant DELAY = 1 days;
    string internal constant CALL_RATES = "boj/overnight-call-rate";
    /// @dev 2026-01-05, a Monday, noon in Japan.
    uint32 internal constant MONDAY = 20_458;
    uint256 internal constant NOON = uint256(MONDAY) * 1 days + 3 hours;

    SignerSet internal set;
    IReporters internal reporters;
    RateOracle internal oracle;
    IFeed internal rate;
    mapping(bytes32 group => mapping(uint32 date => uint32)) internal revisionOf;

    /// @notice An oracle of `count` reporters, the calendars of 2025 to 2027 and the feed of the overnight call rate.
    function deployOracle(uint256 count, uint8 threshold) internal {
        set = Signers.make(count, threshold, "reporters");
        address at = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        reporters = new EcdsaReporters(GOVERNOR, GUARDIAN, at, DELAY, threshold, set.members());
        oracle = new RateOracle(GOVERNOR, reporters, ORACLE_ID, type(Feed).creationCode);
        vm.warp(NOON);
        for (uint16 year = 2025; year < 2028; ++year) {
            pushCalendar(weekdaysOf(year, 1));
        }
        rate = createFeed("boj/overnight-call-rate/average", CALL_RATES, false);
    }

    function createFeed(string memory name, string memory group, bool isPrice) internal returns (IFeed) {
        vm.prank(GOVERNOR);
        return oracle.createFeed(FeedTerms(name, "percent per annum", "ACT/365F", group, isPrice, 1, 10 hours));
    }

    function reportOf(uint32 date, uint8 status, uint32 revision, Entry[] memory entries)
        internal
        view
        returns (Report memory report)
    {
        report = Report(set.setHash(), keccak256(bytes(CALL_RATES)), date, status, revision, uint32(entries.length), 0);
        report.root = Trees.rootOf(leavesOf(report, entries));
    }

    function leavesOf(Report memory report, Entry[] memory entries) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](entries.length);
        for (uint256 i = 0; i < entries.length; ++i) {
            leaves[i] = report.leafOf(entries[i]);
        }
    }

    function entryOf(IFeed feed, uint32 date, int256 value) internal view returns (Entry memory) {
        uint64 due = uint64(uint256(date) * 1 days + 1 days + 1 hours);
        return Entry(feed.ID(), value, due, due + 4 days, keccak256(abi.encode(value)), 1, 1);
    }

    function only(Entry memory entry) internal pure returns (Entry[] memory entries) {
        entries = new Entry[](1);
        entries[0] = entry;
    }

    function certify(Report memory report) internal view returns (bytes memory) {
        return set.certify(Reports.domainSeparator(ORACLE_ID).digestOf(report));
    }

    /// @notice Pushes the next revision of one number.
    function push(uint32 date, uint8 status, int256 value) internal {
        push(date, status, ++revisionOf[keccak256(bytes(CALL_RATES))][date], value);
    }

    function push(uint32 date, uint8 status, uint32 revision, int256 value) internal {
        Entry[] memory entries = only(entryOf(rate, date, value));
        Report memory report = reportOf(date, status, revision, entries);
        oracle.push(report, entries, certify(report));
    }

    function pushCalendar(CalendarReport memory calendar) internal {
        oracle.pushCalendar(calendar, set.certify(Reports.domainSeparator(ORACLE_ID).digestOf(calendar)));
    }

    /// @notice Every weekday of a year, in plain arithmetic.
    function weekdaysOf(uint16 year, uint32 version) internal view returns (CalendarReport memory calendar) {
        calendar = CalendarReport(set.setHash(), year, version, 0, 0);
        uint256 first = 0;
        for (uint256 y = 1970; y < year; ++y) {
            first += _isLeap(y) ? 366 : 365;
        }
        for (uint256 d = 0; d < (_isLeap(year) ? 366 : 365); ++d) {
            if ((first + d + 3) % 7 >= 5) continue; // 1970-01-01 was a Thursday; 0 is Monday
            if (d < 256) calendar.bits0 |= 1 << d;
            else calendar.bits1 |= 1 << (d - 256);
        }
    }

    function dueOf(uint32 date) internal pure returns (uint256) {
        return uint256(date) * 1 days + 10 hours - 9 hours;
    }

    function _isLeap(uint256 year) private pure returns (bool) {
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    }
}

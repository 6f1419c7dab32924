// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BusinessDays} from "../../src/oracle/BusinessDays.sol";
import {Freshness, IFeed} from "../../src/oracle/IFeed.sol";
import {IRateOracle} from "../../src/oracle/IRateOracle.sol";
import {CalendarReport, Entry, Observation, Report, Reports, Status, StillLatest} from "../../src/oracle/Reports.sol";
import {OracleSide} from "../OracleSide.sol";
import {SignerSet, Signers} from "../Signers.sol";

/// @notice The calendar, due times, freshness, and attestations that nothing newer exists.
contract DaysTest is OracleSide {
    using Signers for SignerSet;
    using Reports for *;

    function setUp() external {
        deployOracle(4, 3);
    }

    // --- The calendar ---

    function test_dates_are_those_of_the_civil_calendar() external pure {
        _assertDate(0, 1970, 0);
        _assertDate(11_016, 2000, 59); // 29 February
        _assertDate(11_017, 2000, 60);
        _assertDate(20_453, 2025, 364);
        _assertDate(20_454, 2026, 0);
        _assertDate(47_481, 2099, 364);
        _assertDate(47_847, 2101, 0); // 2100 is no leap year
    }

    function test_years_follow_each_other_for_six_hundred_of_them() external pure {
        uint256 first = 0;
        for (uint256 year = 1970; year < 2570; ++year) {
            vm.assertEq(BusinessDays.firstOf(year), first, "first");
            (uint16 found, uint256 dayOfYear) = BusinessDays.yearOf(first);
            vm.assertEq(found, year, "year");
            vm.assertEq(dayOfYear, 0, "day");
            first += year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
            (found,) = BusinessDays.yearOf(first - 1);
            vm.assertEq(found, year, "year of its last day");
        }
    }

    function test_business_days_are_counted_over_a_year_end() external view {
        vm.assertEq(oracle.businessDayAfter(20_451, 0), 20_451, "none");
        vm.assertEq(oracle.businessDayAfter(20_453, 1), 20_454, "31 December 2025 to 1 January 2026, both weekdays");
        vm.assertEq(oracle.businessDayAfter(MONDAY + 4, 1), MONDAY + 7, "over a weekend");
        vm.assertEq(oracle.businessDayAfter(MONDAY - 1, 1), MONDAY, "from a Sunday");
    }

    function test_a_missing_year_is_no_guess() external {
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.YearUnknown.selector, 2028));
        oracle.businessDayAfter(20_454 + 729, 1);
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.YearUnknown.selector, 2024));
        oracle.isBusinessDay(20_089 - 1);
    }

    function test_a_later_version_may_close_a_future_day() external {
        CalendarReport memory calendar = weekdaysOf(2026, 2);
        calendar.bits0 &= ~(uint256(1) << 5); // 6 January, tomorrow
        pushCalendar(calendar);
        vm.assertFalse(oracle.isBusinessDay(MONDAY + 1), "closed");
        (uint32 version,,) = oracle.calendarOf(2026);
        vm.assertEq(version, 2, "version");
        pushCalendar(weekdaysOf(2026, 1));
        vm.assertFalse(oracle.isBusinessDay(MONDAY + 1), "an older version changes nothing");
    }

    function test_a_later_version_may_not_change_today_or_the_past(uint8 day) external {
        day %= 5; // 1 to 5 January
        CalendarReport memory calendar = weekdaysOf(2026, 2);
        calendar.bits0 ^= uint256(1) << day;
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.PastDaysChange.selector, 2026));
        this.calendarFrom(calendar);
    }

    function test_the_whole_of_a_past_year_is_past() external {
        CalendarReport memory calendar = weekdaysOf(2025, 2);
        calendar.bits1 ^= uint256(1) << (364 - 256);
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.PastDaysChange.selector, 2025));
        this.calendarFrom(calendar);
        vm.warp(NOON + 360 days); // 31 December in Japan
        calendar = weekdaysOf(2026, 2);
        calendar.bits1 ^= uint256(1) << (364 - 256);
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.PastDaysChange.selector, 2026));
        this.calendarFrom(calendar);
    }

    function test_a_calendar_has_no_day_beyond_its_year() external {
        CalendarReport memory calendar = weekdaysOf(2028, 1);
        pushCalendar(calendar); // 366 days
        calendar = weekdaysOf(2029, 1);
        calendar.bits1 |= uint256(1) << (365 - 256);
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.DaysBeyondYear.selector, 2029));
        this.calendarFrom(calendar);
    }

    // --- Freshness ---

    function test_a_number_is_fresh_then_rightly_old_then_late_then_stale() external {
        vm.warp(dueOf(MONDAY + 5)); // Saturday: Thursday's number came on Friday
        push(MONDAY + 3, Status.FINAL, 5);
        vm.assertEq(rate.nextDueAt(), dueOf(MONDAY + 7), "Friday's is due on Monday");
        _assertFreshness(dueOf(MONDAY + 5) - 1, Freshness.FRESH);
        _assertFreshness(dueOf(MONDAY + 5), Freshness.NOT_DUE_YET);
        _assertFreshness(dueOf(MONDAY + 7) - 1, Freshness.NOT_DUE_YET);
        _assertFreshness(dueOf(MONDAY + 7), Freshness.LATE);
        _assertFreshness(dueOf(MONDAY + 8) - 1, Freshness.LATE);
        _assertFreshness(dueOf(MONDAY + 8), Freshness.STALE);
    }

    function test_a_provisional_number_waits_for_the_final_one_of_its_day() external {
        push(MONDAY, Status.PROVISIONAL, 5);
        vm.assertEq(rate.nextDueAt(), dueOf(MONDAY + 1), "its own final");
    }

    function test_a_number_past_its_valid_until_is_stale() external {
        Entry[] memory entries = only(entryOf(rate, MONDAY, 5));
        entries[0].validUntil = uint64(NOON + 1);
        Report memory report = reportOf(MONDAY, Status.FINAL, 1, entries);
        oracle.push(report, entries, certify(report));
        _assertFreshness(NOON + 1, Freshness.FRESH);
        _assertFreshness(NOON + 2, Freshness.STALE);
    }

    function test_where_the_calendar_ends_everything_is_stale() external {
        uint32 friday = MONDAY + 725; // 2027-12-31
        vm.warp(uint256(friday) * 1 days + 3 hours);
        push(friday, Status.FINAL, 5);
        vm.assertTrue(rate.freshness() == Freshness.STALE, "fails closed");
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.YearUnknown.selector, 2028));
        rate.nextDueAt();
    }

    function test_a_feed_without_numbers_is_stale() external view {
        vm.assertTrue(rate.freshness() == Freshness.STALE, "nothing");
    }

    // --- Still the latest ---

    function test_reporters_may_attest_that_nothing_newer_exists() external {
        push(MONDAY + 4, Status.FINAL, 5);
        vm.warp(dueOf(MONDAY + 6));
        _attest(MONDAY + 4, 5, block.timestamp, block.timestamp + 1 days);
        (uint80 round, int256 answer,, uint256 updatedAt,) = rate.latestRoundData();
        vm.assertEq(round, 2, "a round");
        vm.assertEq(uint256(answer), 5, "the same number");
        vm.assertEq(updatedAt, block.timestamp, "attested now");
        vm.assertTrue(rate.isCarried(2), "and it says so");
        vm.assertFalse(rate.isCarried(1), "the first does not");
        vm.assertEq(rate.fixingOn(MONDAY + 4).revision, 1, "no new revision");
    }

    function test_an_attestation_expires_within_a_day_and_never_beyond_what_is_due() external {
        push(MONDAY + 4, Status.FINAL, 5);
        vm.warp(dueOf(MONDAY + 6));
        uint256 at = block.timestamp;
        vm.expectPartialRevert(IFeed.ExpiryTooFar.selector);
        this.attestFrom(MONDAY + 4, 5, at, at + 1 days + 1);
        vm.warp(dueOf(MONDAY + 8) + 12 hours); // late: the grace ends in half a day
        at = block.timestamp;
        vm.expectRevert(abi.encodeWithSelector(IFeed.ExpiryTooFar.selector, at + 13 hours, at + 12 hours));
        this.attestFrom(MONDAY + 4, 5, at, at + 13 hours);
    }

    function test_only_the_latest_is_attested() external {
        push(MONDAY, Status.FINAL, 5);
        push(MONDAY + 1, Status.FINAL, 6);
        vm.expectPartialRevert(IFeed.NotLatest.selector);
        this.attestFrom(MONDAY, 5, block.timestamp, block.timestamp + 1);
        vm.expectPartialRevert(IFeed.NotLatest.selector);
        this.attestFrom(MONDAY + 1, 7, block.timestamp, block.timestamp + 1);
        vm.expectPartialRevert(IRateOracle.AttestationFromTheFuture.selector);
        this.attestFrom(MONDAY + 1, 6, block.timestamp + 1, block.timestamp + 2);
        vm.expectPartialRevert(IRateOracle.Expired.selector);
        this.attestFrom(MONDAY + 1, 6, block.timestamp - 2, block.timestamp - 1);
    }

    function calendarFrom(CalendarReport memory calendar) external {
        pushCalendar(calendar);
    }

    function attestFrom(uint32 date, int256 value, uint256 attestedAt, uint256 expiresAt) external {
        _attest(date, value, attestedAt, expiresAt);
    }

    function _attest(uint32 date, int256 value, uint256 attestedAt, uint256 expiresAt) private {
        Entry memory entry = entryOf(rate, date, value);
        Observation memory observation = reportOf(date, Status.FINAL, 1, only(entry)).observationOf(entry);
        StillLatest memory attestation =
            StillLatest(set.setHash(), observation.leafOf(), uint64(attestedAt), uint64(expiresAt));
        bytes memory certificate = set.certify(Reports.domainSeparator(ORACLE_ID).digestOf(attestation));
        oracle.attestStillLatest(attestation, observation, certificate);
    }

    function _assertFreshness(uint256 time, Freshness expected) private {
        vm.warp(time);
        vm.assertEq(uint8(rate.freshness()), uint8(expected), vm.toString(uint8(expected)));
    }

    function _assertDate(uint256 day, uint16 year, uint256 dayOfYear) private pure {
        (uint16 foundYear, uint256 foundDay) = BusinessDays.yearOf(day);
        vm.assertEq(foundYear, year, "year");
        vm.assertEq(foundDay, dayOfYear, "day of the year");
    }
}

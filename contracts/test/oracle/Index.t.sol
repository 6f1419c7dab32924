// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CompoundedCallRateIndex} from "../../src/oracle/CompoundedCallRateIndex.sol";
import {ICompoundedCallRateIndex} from "../../src/oracle/ICompoundedCallRateIndex.sol";
import {Status} from "../../src/oracle/Reports.sol";
import {OracleSide} from "../OracleSide.sol";

/// @notice The compounded index over a feed, its corrections and its generations.
contract IndexTest is OracleSide {
    CompoundedCallRateIndex private index;
    int256[] private rates; // by business day from MONDAY on

    function setUp() external {
        deployOracle(4, 3);
        index = new CompoundedCallRateIndex(oracle, rate, uint24(MONDAY));
    }

    function test_the_index_is_one_on_its_base_date() external view {
        vm.assertEq(index.indexOn(MONDAY), 1e27, "27 decimals");
        vm.assertEq(uint256(index.latestAnswer()), 1e8, "8 decimals");
        vm.assertEq(index.latestRound(), 1 << 64, "generation 1, step 0");
    }

    function test_a_weekend_counts_three_days_at_fridays_rate() external {
        _fix(5, 47_700_000);
        vm.assertEq(index.advance(100), 5, "steps");
        uint256 expected = 1e27;
        for (uint256 i = 0; i < 5; ++i) {
            expected += expected * 47_700_000 * (i == 4 ? 3 : 1) / (365 * 100 * 1e8);
        }
        vm.assertEq(index.indexOn(MONDAY + 7), expected, "next Monday");
        vm.assertEq(uint256(index.latestAnswer()), expected / 1e19, "answer");
    }

    function test_a_negative_rate_rounds_towards_minus_infinity() external {
        _fix(1, -1);
        index.advance(1);
        // 1e27 * 1 / 3.65e12 is 273972602739726.02..., and one more is taken away
        vm.assertEq(index.indexOn(MONDAY + 1), 1e27 - 273_972_602_739_727, "floor");
    }

    function test_a_provisional_fixing_is_not_compounded() external {
        push(MONDAY, Status.PROVISIONAL, 5);
        vm.assertEq(index.advance(10), 0, "steps");
        push(MONDAY, Status.FINAL, 6);
        vm.assertEq(index.advance(10), 1, "steps");
    }

    function test_a_gap_stops_it() external {
        push(MONDAY, Status.FINAL, 5);
        push(MONDAY + 2, Status.FINAL, 5);
        vm.assertEq(index.advance(10), 1, "steps");
        vm.expectRevert(abi.encodeWithSelector(ICompoundedCallRateIndex.DateUnknown.selector, MONDAY + 2));
        index.indexOn(MONDAY + 2);
    }

    function test_a_day_without_fixing_takes_the_one_before_and_says_so() external {
        push(MONDAY, Status.FINAL, 36_500_000);
        push(MONDAY + 1, Status.NO_FIXING, 0);
        vm.assertEq(index.advance(10), 2, "steps");
        uint256 first = 1e27 + 1e27 * 36_500_000 / uint256(365 * 100 * 1e8);
        vm.assertEq(index.indexOn(MONDAY + 2), first + first * 36_500_000 / (365 * 100 * 1e8), "index");
        vm.assertTrue(index.pointAt(1, 2).isCarried, "marked");
        vm.assertFalse(index.pointAt(1, 1).isCarried, "not marked");
    }

    function test_the_calendars_end_stops_it() external {
        index = new CompoundedCallRateIndex(oracle, rate, uint24(MONDAY + 725)); // 2027-12-31, a Friday
        vm.warp(NOON + 726 days);
        push(MONDAY + 725, Status.FINAL, 5);
        vm.assertEq(index.advance(10), 0, "what comes after it is unknown");
    }

    function test_a_base_date_is_a_business_day() external {
        vm.expectRevert(abi.encodeWithSelector(ICompoundedCallRateIndex.BaseNotBusinessDay.selector, MONDAY + 5));
        new CompoundedCallRateIndex(oracle, rate, uint24(MONDAY + 5));
    }

    // --- Corrections ---

    function test_a_correction_starts_a_generation_that_replaces_the_old_one_at_once() external {
        _fix(20, 47_700_000);
        index.advance(100);
        uint256 old = index.indexOn(_day(20));
        _correct(7, 48_700_000);
        vm.assertTrue(index.isOutdated(), "outdated");
        vm.expectRevert(abi.encodeWithSelector(ICompoundedCallRateIndex.Outdated.selector, 1));
        index.advance(1);
        vm.assertFalse(index.rebuild(5), "not yet");
        vm.assertEq(index.indexOn(_day(20)), old, "the old one answers meanwhile");
        vm.assertFalse(index.rebuild(5), "not yet");
        vm.assertTrue(index.rebuild(5), "done");
        vm.assertFalse(index.isOutdated(), "up to date");
        vm.assertEq(index.indexOn(_day(20)), _plain(20), "the new one");
        vm.assertEq(index.pointAt(1, 20).index, old, "the old one can still be read");
        vm.assertEq(index.pointAt(2, 7).index, index.pointAt(1, 7).index, "they share what came before");
        (uint256 generation, uint256 steps) = index.current();
        vm.assertEq(generation, 2, "generation");
        vm.assertEq(steps, 20, "steps");
    }

    function test_a_correction_of_the_latest_day_counts_too() external {
        _fix(3, 47_700_000);
        index.advance(100);
        _correct(2, 46_000_000);
        vm.assertTrue(index.isOutdated(), "outdated");
        index.rebuild(100);
        vm.assertEq(index.indexOn(_day(3)), _plain(3), "index");
    }

    function test_a_correction_of_a_day_not_yet_used_outdates_nothing() external {
        _fix(5, 47_700_000);
        index.advance(2);
        _correct(3, 1);
        vm.assertFalse(index.isOutdated(), "up to date");
        index.advance(100);
        vm.assertEq(index.indexOn(_day(5)), _plain(5), "index");
    }

    function test_nothing_is_rebuilt_without_a_correction() external {
        _fix(2, 1);
        index.advance(2);
        vm.expectRevert(ICompoundedCallRateIndex.NothingToRebuild.selector);
        index.rebuild(1);
    }

    function test_whatever_is_corrected_whenever_the_index_ends_right(uint256 seed) external {
        _fix(12, 47_700_000);
        index.advance(100);
        for (uint256 i = 0; i < 6; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(seed, i)));
            _correct(chance % 12, int256(chance >> 8) % 100_000_000);
            if (chance >> 250 & 1 == 1) index.rebuild(1 + (chance >> 240) % 9);
        }
        while (index.isOutdated()) {
            index.rebuild(3);
        }
        vm.assertEq(index.indexOn(_day(12)), _plain(12), "index");
    }

    // --- Rates and the plain version ---

    function _fix(uint256 count, int256 value) private {
        vm.warp(NOON + 60 days);
        for (uint256 i = 0; i < count; ++i) {
            push(_day(rates.length), Status.FINAL, value);
            rates.push(value);
        }
    }

    function _correct(uint256 place, int256 value) private {
        push(_day(place), Status.CORRECTED, value);
        rates[place] = value;
    }

    /// @dev The business day at a place, without holidays.
    function _day(uint256 place) private pure returns (uint32) {
        return uint32(MONDAY + place / 5 * 7 + place % 5);
    }

    function _plain(uint256 steps) private view returns (uint256 value) {
        value = 1e27;
        for (uint256 i = 0; i < steps; ++i) {
            int256 product = int256(value) * rates[i] * int256(uint256(_day(i + 1) - _day(i)));
            int256 growth = product / (365 * 100 * 1e8);
            if (product < 0 && product % (365 * 100 * 1e8) != 0) --growth;
            value = uint256(int256(value) + growth);
        }
    }
}

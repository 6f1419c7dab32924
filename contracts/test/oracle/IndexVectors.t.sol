// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CompoundedCallRateIndex} from "../../src/oracle/CompoundedCallRateIndex.sol";
import {Point} from "../../src/oracle/ICompoundedCallRateIndex.sol";
import {CalendarReport, Status} from "../../src/oracle/Reports.sol";
import {OracleSide} from "../OracleSide.sol";
import {SignerSet, Signers} from "../Signers.sol";

/// @notice Two years of fixings, holidays and days without one: every level as exact rationals have it, to the last digit.
contract IndexVectorsTest is OracleSide {
    using Signers for SignerSet;

    struct Year {
        uint16 year;
        uint256 bits0;
        uint256 bits1;
    }

    struct Printed {
        uint32 date;
        bool isThere;
        int256 rate;
    }

    struct Level {
        uint32 date;
        uint256 value;
        bool isCarried;
    }

    CompoundedCallRateIndex private index;
    Printed[] private printed;
    Level[] private levels;

    function setUp() external {
        deployOracle(4, 3);
        bytes memory path = vm.parseJsonBytes(vm.readFile("../tests/vectors/index.json"), ".path.encoded");
        (Year[] memory calendars, Printed[] memory fixings, Level[] memory expected) =
            abi.decode(path, (Year[], Printed[], Level[]));
        vm.warp(0); // days are still to come, so that a new version may change them
        for (uint256 i = 0; i < calendars.length; ++i) {
            pushCalendar(CalendarReport(set.setHash(), calendars[i].year, 2, calendars[i].bits0, calendars[i].bits1));
        }
        for (uint256 i = 0; i < fixings.length; ++i) {
            printed.push(fixings[i]);
        }
        for (uint256 i = 0; i < expected.length; ++i) {
            levels.push(expected[i]);
        }
        vm.warp(uint256(expected[expected.length - 1].date + 10) * 1 days);
        index = new CompoundedCallRateIndex(oracle, rate, uint24(expected[0].date));
    }

    function test_every_level_is_exact() external {
        _push(printed.length);
        while (index.advance(64) != 0) {}
        _assertLevels(1);
    }

    /// @dev The numbers are wrong at first and corrected later: the generation after that is exact.
    function test_every_level_is_exact_after_corrections() external {
        uint256 wrong = 11;
        int256 right = printed[wrong].rate;
        vm.assertTrue(printed[wrong].isThere, "a fixing");
        printed[wrong].rate = right + 100_000;
        _push(printed.length);
        while (index.advance(64) != 0) {}
        push(printed[wrong].date, Status.CORRECTED, right);
        vm.assertTrue(index.isOutdated(), "outdated");
        while (!index.rebuild(64)) {}
        _assertLevels(2);
    }

    function _push(uint256 count) private {
        for (uint256 i = 0; i < count; ++i) {
            push(printed[i].date, printed[i].isThere ? Status.FINAL : Status.NO_FIXING, printed[i].rate);
        }
    }

    function _assertLevels(uint256 generation) private view {
        for (uint256 step = 0; step < levels.length; ++step) {
            Point memory point = index.pointAt(generation, step);
            vm.assertEq(point.date, levels[step].date, "date");
            vm.assertEq(point.index, levels[step].value, "level");
            vm.assertTrue(point.isCarried == levels[step].isCarried, "carried");
        }
    }
}

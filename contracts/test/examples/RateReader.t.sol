// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {RateReader} from "../../src/examples/RateReader.sol";
import {CompoundedCallRateIndex} from "../../src/oracle/CompoundedCallRateIndex.sol";
import {Freshness} from "../../src/oracle/IFeed.sol";
import {IRateOracle} from "../../src/oracle/IRateOracle.sol";
import {Entry, Report, Status} from "../../src/oracle/Reports.sol";
import {OracleSide} from "../OracleSide.sol";

contract RateReaderTest is OracleSide {
    RateReader private reader;
    CompoundedCallRateIndex private index;

    function setUp() external {
        deployOracle(4, 3);
        index = new CompoundedCallRateIndex(oracle, rate, uint24(MONDAY));
        reader = new RateReader(oracle, rate, index);
    }

    function test_it_takes_a_rate_over_a_weekend() external {
        push(MONDAY + 4, Status.FINAL, 47_700_000);
        vm.warp(dueOf(MONDAY + 7) - 1);
        reader.takeRate();
        vm.assertEq(uint256(reader.rate()), 47_700_000, "rate");
        vm.assertEq(reader.rateDate(), MONDAY + 4, "Friday's");
    }

    function test_it_takes_no_rate_that_is_stale() external {
        push(MONDAY, Status.FINAL, 47_700_000);
        vm.warp(dueOf(MONDAY + 5));
        vm.expectRevert(abi.encodeWithSelector(RateReader.RateStale.selector, Freshness.STALE));
        reader.takeRate();
    }

    function test_it_takes_no_provisional_rate() external {
        push(MONDAY, Status.PROVISIONAL, 47_700_000);
        vm.expectRevert(abi.encodeWithSelector(RateReader.NotFinal.selector, Status.PROVISIONAL));
        reader.takeRate();
    }

    function test_it_accrues_between_two_dates() external {
        push(MONDAY, Status.FINAL, 36_500_000);
        push(MONDAY + 1, Status.FINAL, 36_500_000);
        index.advance(2);
        reader.accrue(MONDAY, MONDAY + 2);
        vm.assertEq(reader.grown(), 1.0000200001e18, "twice a thousandth of a percent");
    }

    function test_it_takes_a_rate_that_is_brought() external {
        (Report memory report, Entry memory entry, bytes memory certificate) = _certified(MONDAY, 47_700_000);
        reader.takeBrought(report, entry, new bytes32[](0), certificate);
        vm.assertEq(uint256(reader.rate()), 47_700_000, "rate");
    }

    function test_it_takes_no_rate_that_the_chain_knows_to_be_corrected() external {
        (Report memory report, Entry memory entry, bytes memory certificate) = _certified(MONDAY, 47_700_000);
        push(MONDAY, Status.FINAL, 1, 47_700_000);
        push(MONDAY, Status.CORRECTED, 2, 47_800_000);
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.Superseded.selector, 2, 1));
        reader.takeBrought(report, entry, new bytes32[](0), certificate);
    }

    function _certified(uint32 date, int256 value) private view returns (Report memory, Entry memory, bytes memory) {
        Entry memory entry = entryOf(rate, date, value);
        Report memory report = reportOf(date, Status.FINAL, 1, only(entry));
        return (report, entry, certify(report));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Fixing} from "../oracle/Fixings.sol";
import {ICompoundedCallRateIndex} from "../oracle/ICompoundedCallRateIndex.sol";
import {Freshness, IFeed} from "../oracle/IFeed.sol";
import {IRateOracle} from "../oracle/IRateOracle.sol";
import {Entry, Observation, Report, Status} from "../oracle/Reports.sol";

/// @notice An example of an integrator: a loan that accrues at the compounded overnight rate, plus a margin today.
/// @dev Shows the three ways of reading: a pushed feed with its freshness, the index between two dates, and a pull.
contract RateReader {
    IRateOracle public immutable ORACLE;
    IFeed public immutable FEED;
    ICompoundedCallRateIndex public immutable INDEX;

    /// @notice Percent times 1e8, and the day it is about.
    int256 public rate;
    uint32 public rateDate;
    /// @notice What 1e18 has become between two dates.
    uint256 public grown;

    event RateTaken(int256 rate, uint32 date);
    event Accrued(uint32 from, uint32 to, uint256 grown);

    error RateStale(Freshness freshness);
    error NotFinal(uint8 status);

    constructor(IRateOracle oracle, IFeed feed, ICompoundedCallRateIndex index) {
        ORACLE = oracle;
        FEED = feed;
        INDEX = index;
    }

    /// @notice Takes the latest rate. A holiday is no outage: NOT_DUE_YET is as good as FRESH; LATE may be a late page.
    function takeRate() external {
        Freshness freshness = FEED.freshness();
        if (freshness == Freshness.STALE) revert RateStale(freshness);
        Fixing memory latest = FEED.latest();
        if (latest.status == Status.PROVISIONAL) revert NotFinal(latest.status);
        _take(latest.value, latest.date);
    }

    /// @notice Accrues between two business days of the past, whose numbers do not age.
    function accrue(uint32 from, uint32 to) external {
        grown = INDEX.indexOn(to) * 1e18 / INDEX.indexOn(from);
        emit Accrued(from, to, grown);
    }

    /// @notice Takes a rate that the caller brings, certified but not stored. It may not be the newest one there is.
    function takeBrought(
        Report calldata report,
        Entry calldata entry,
        bytes32[] calldata proof,
        bytes calldata certificate
    ) external {
        Observation memory one = ORACLE.verifyObservation(report, entry, proof, certificate, Status.FINAL);
        if (one.feed != FEED.ID()) revert IRateOracle.FeedUnknown(one.feed);
        _take(one.value, one.date);
    }

    function _take(int256 value, uint32 date) private {
        (rate, rateDate) = (value, date);
        emit RateTaken(value, date);
    }
}

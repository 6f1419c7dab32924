// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorV2V3Interface} from "./AggregatorV2V3Interface.sol";
import {Fixing} from "./Fixings.sol";
import {ICompoundedCallRateIndex, Point} from "./ICompoundedCallRateIndex.sol";
import {IFeed} from "./IFeed.sol";
import {IRateOracle} from "./IRateOracle.sol";
import {Status} from "./Reports.sol";

/// @notice The index over one feed. It has no owner and no parameters that change.
contract CompoundedCallRateIndex is ICompoundedCallRateIndex {
    /// @dev Steps below `firstStep` are those of `parent`.
    struct Generation {
        uint32 parent;
        uint64 firstStep;
        uint64 lastStep;
        uint64 correctionsSeen;
    }

    uint256 private constant ONE = 1e27;
    /// @dev Days of the year, percent, and the scale of a rate.
    int256 private constant DIVISOR = 365 * 100 * 1e8;
    uint256 private constant ANSWER_DIVISOR = 1e19; // from 27 decimals to 8
    uint256 private constant JST = 9 hours;

    IRateOracle public immutable ORACLE;
    IFeed public immutable FEED;
    uint24 public immutable BASE_DATE;

    uint32 private _current = 1;
    uint32 private _building; // zero: nothing is being rebuilt
    mapping(uint256 generation => Generation) private _generations;
    mapping(uint256 generation => mapping(uint256 step => Point)) private _points;

    /// @param baseDate A business day, on which the index is one.
    constructor(IRateOracle oracle, IFeed feed, uint24 baseDate) {
        if (!oracle.isBusinessDay(baseDate)) revert BaseNotBusinessDay(baseDate);
        ORACLE = oracle;
        FEED = feed;
        BASE_DATE = baseDate;
        _generations[1] = Generation(0, 0, 0, uint64(feed.corrections()));
        _points[1][0] = Point(uint128(ONE), baseDate, uint40(block.timestamp), 0, false);
    }

    /// @inheritdoc ICompoundedCallRateIndex
    function advance(uint256 maxSteps) external returns (uint256 steps) {
        if (_takeUpCorrections(_current)) revert Outdated(_current);
        steps = _compound(_current, maxSteps);
    }

    /// @inheritdoc ICompoundedCallRateIndex
    function rebuild(uint256 maxSteps) external returns (bool isDone) {
        uint32 building = _building;
        if (building == 0) {
            (bool isStale, uint64 firstStep) = _firstCorrected(_current);
            if (!isStale) revert NothingToRebuild();
            building = _branch(firstStep);
        } else {
            _rewind(building);
        }
        _compound(building, maxSteps);
        uint64 reached = _generations[_current].lastStep;
        isDone = _generations[building].lastStep >= reached;
        if (!isDone) return false;
        _current = building;
        _building = 0;
        emit GenerationReplaced(building, _generations[building].lastStep);
    }

    // --- Reading ---

    /// @inheritdoc ICompoundedCallRateIndex
    function isOutdated() external view returns (bool isStale) {
        (isStale,) = _firstCorrected(_current);
    }

    /// @inheritdoc ICompoundedCallRateIndex
    function current() external view returns (uint256 generation, uint256 lastStep) {
        return (_current, _generations[_current].lastStep);
    }

    /// @inheritdoc ICompoundedCallRateIndex
    function pointAt(uint256 generation, uint256 step) external view returns (Point memory) {
        return _requirePoint(generation << 64 | step);
    }

    /// @inheritdoc ICompoundedCallRateIndex
    function indexOn(uint32 date) external view returns (uint256) {
        (bool found, uint64 step) = _stepOn(_current, date);
        if (!found) revert DateUnknown(date);
        return _pointAt(_current, step).index;
    }

    /// @inheritdoc AggregatorV2V3Interface
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return _roundData(_latestRound());
    }

    /// @inheritdoc AggregatorV2V3Interface
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        return _roundData(roundId);
    }

    /// @inheritdoc AggregatorV2V3Interface
    function latestAnswer() external view returns (int256) {
        return _answer(_requirePoint(_latestRound()));
    }

    /// @inheritdoc AggregatorV2V3Interface
    function latestTimestamp() external view returns (uint256) {
        return _requirePoint(_latestRound()).updatedAt;
    }

    /// @inheritdoc AggregatorV2V3Interface
    function latestRound() external view returns (uint256) {
        return _latestRound();
    }

    /// @inheritdoc AggregatorV2V3Interface
    function getAnswer(uint256 roundId) external view returns (int256) {
        return _answer(_requirePoint(roundId));
    }

    /// @inheritdoc AggregatorV2V3Interface
    function getTimestamp(uint256 roundId) external view returns (uint256) {
        return _requirePoint(roundId).updatedAt;
    }

    /// @inheritdoc AggregatorV2V3Interface
    function decimals() external pure returns (uint8) {
        return 8;
    }

    /// @inheritdoc AggregatorV2V3Interface
    function description() external pure returns (string memory) {
        return "compounded overnight call rate, index";
    }

    /// @inheritdoc AggregatorV2V3Interface
    function version() external pure returns (uint256) {
        return 1;
    }

    // --- Compounding ---

    function _compound(uint32 generation, uint256 maxSteps) private returns (uint256 steps) {
        uint64 step = _generations[generation].lastStep;
        Point memory point = _pointAt(generation, step);
        for (; steps < maxSteps; ++steps) {
            (bool isKnown, Point memory next) = _next(point);
            if (!isKnown) break;
            _points[generation][++step] = next;
            point = next;
        }
        if (steps == 0) return 0;
        _generations[generation].lastStep = step;
        emit Advanced(generation, step, point.date, point.index);
    }

    /// @dev A day is compounded when it is settled. One without a fixing takes the one before (METHODOLOGY).
    function _next(Point memory point) private view returns (bool isKnown, Point memory next) {
        try FEED.fixingOn(point.date) returns (Fixing memory fixing) {
            if (!Status.isSettled(fixing.status)) return (false, next);
            next.isCarried = fixing.status == Status.NO_FIXING;
            if (next.isCarried && point.date == BASE_DATE) revert NoFixingToCarry(point.date);
            next.rate = next.isCarried ? point.rate : int56(fixing.value);
        } catch {
            return (false, next);
        }
        try ORACLE.businessDayAfter(point.date, 1) returns (uint256 date) {
            next.date = uint24(date);
        } catch {
            return (false, next);
        }
        int256 product = int256(uint256(point.index)) * next.rate * int256(uint256(next.date - point.date));
        int256 growth = product / DIVISOR;
        if (product % DIVISOR < 0) --growth; // towards minus infinity
        next.index = uint128(uint256(int256(uint256(point.index)) + growth));
        next.updatedAt = uint40(block.timestamp);
        return (true, next);
    }

    // --- Corrections ---

    /// @dev Marks corrections as seen that the generation did not use. Tells whether it used one.
    function _takeUpCorrections(uint32 generation) private returns (bool isStale) {
        (isStale,) = _firstCorrected(generation);
        if (!isStale) _generations[generation].correctionsSeen = uint64(FEED.corrections());
    }

    /// @dev The earliest step of the generation whose fixing was corrected since it looked.
    function _firstCorrected(uint32 generation) private view returns (bool isStale, uint64 firstStep) {
        uint256 count = FEED.corrections();
        Generation memory known = _generations[generation];
        firstStep = known.lastStep;
        for (uint256 i = known.correctionsSeen; i < count; ++i) {
            (bool found, uint64 step) = _stepOn(generation, FEED.correctedDate(i));
            if (found && step < firstStep) (isStale, firstStep) = (true, step);
        }
    }

    function _branch(uint64 firstStep) private returns (uint32 generation) {
        generation = _current + 1;
        _building = generation;
        _generations[generation] = Generation(_current, firstStep + 1, firstStep, uint64(FEED.corrections()));
        emit RebuildStarted(generation, firstStep);
    }

    /// @dev Goes back before what was corrected while it was being rebuilt, into the parent if need be.
    function _rewind(uint32 generation) private {
        (bool isStale, uint64 firstStep) = _firstCorrected(generation);
        Generation storage building = _generations[generation];
        building.correctionsSeen = uint64(FEED.corrections());
        if (!isStale) return;
        building.lastStep = firstStep;
        if (firstStep < building.firstStep) building.firstStep = firstStep + 1;
        emit RebuildStarted(generation, firstStep);
    }

    // --- Points ---

    function _pointAt(uint256 generation, uint256 step) private view returns (Point memory) {
        while (step < _generations[generation].firstStep) {
            generation = _generations[generation].parent;
        }
        return _points[generation][step];
    }

    function _requirePoint(uint256 round) private view returns (Point memory) {
        uint256 generation = round >> 64;
        uint256 step = uint64(round);
        if (generation == 0 || generation > _current || step > _generations[generation].lastStep) {
            revert RoundUnknown(round);
        }
        return _pointAt(generation, step);
    }

    function _stepOn(uint32 generation, uint32 date) private view returns (bool found, uint64 low) {
        uint64 high = _generations[generation].lastStep;
        while (low < high) {
            uint64 middle = (low + high + 1) / 2;
            if (_pointAt(generation, middle).date <= date) low = middle;
            else high = middle - 1;
        }
        found = _pointAt(generation, low).date == date;
    }

    function _latestRound() private view returns (uint80) {
        return uint80(uint256(_current) << 64 | _generations[_current].lastStep);
    }

    function _roundData(uint80 round) private view returns (uint80, int256, uint256, uint256, uint80) {
        Point memory point = _requirePoint(round);
        return (round, _answer(point), uint256(point.date) * 1 days - JST, point.updatedAt, round);
    }

    function _answer(Point memory point) private pure returns (int256) {
        return int256(uint256(point.index) / ANSWER_DIVISOR);
    }
}

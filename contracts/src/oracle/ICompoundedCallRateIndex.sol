// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorV2V3Interface} from "./AggregatorV2V3Interface.sol";

/// @notice One step of a generation: the index on one business day.
struct Point {
    uint128 index; // 27 decimals
    uint24 date; // days since 1970-01-01
    uint40 updatedAt; // UTC seconds
    int56 rate; // percent times 1e8: the fixing that was applied last
    bool isCarried; // it was not of the business day before, which had none
}

/// @notice The overnight call rate, compounded daily (METHODOLOGY): what one yen on the base date is worth.
/// @dev I(next) = I(day) + floor(I(day) * rate(day) * days to next / (365 * 100 * 1e8)), over business days, from FINAL
///      fixings only, rounded towards minus infinity. A correction of a day that was used makes the generation outdated;
///      `rebuild` computes another one beside it, and one call puts it in its place. A round is a generation and a step:
///      (generation << 64) + step; step 0 is the base date.
interface ICompoundedCallRateIndex is AggregatorV2V3Interface {
    event Advanced(uint256 indexed generation, uint256 step, uint24 date, uint256 index);
    event RebuildStarted(uint256 indexed generation, uint256 fromStep);
    event GenerationReplaced(uint256 indexed generation, uint256 steps);

    error RoundUnknown(uint256 round);
    error DateUnknown(uint32 date);
    error Outdated(uint256 generation);
    error NothingToRebuild();
    error NoFixingToCarry(uint32 date);
    error BaseNotBusinessDay(uint32 date);

    /// @notice Compounds up to `maxSteps` days whose final fixings are known. Refuses an outdated generation.
    /// @return steps How many days were compounded.
    function advance(uint256 maxSteps) external returns (uint256 steps);

    /// @notice Computes up to `maxSteps` days of the generation that will replace an outdated one, and replaces it when
    ///         it has caught up. What is corrected meanwhile is taken up.
    /// @return isDone Whether the current generation is up to date now.
    function rebuild(uint256 maxSteps) external returns (bool isDone);

    /// @notice Whether a fixing was corrected that the current generation has used.
    function isOutdated() external view returns (bool);

    /// @notice The index on a business day, of the current generation. Reverts DateUnknown if it is not computed.
    function indexOn(uint32 date) external view returns (uint256);

    /// @notice A step of a generation, old ones included. Reverts RoundUnknown if there is none.
    function pointAt(uint256 generation, uint256 step) external view returns (Point memory);

    /// @notice The generation that answers, and its last step.
    function current() external view returns (uint256 generation, uint256 lastStep);
}

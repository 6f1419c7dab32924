// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Message} from "./Protocol.sol";

/// @notice Bounds of what moves per route, asset and direction, each in units of 100 million yen (oku).
struct FlowLimits {
    uint16 inbound; // what may come in within `FLOW_PERIOD`; zero lets nothing through
    uint16 outbound; // what may leave, likewise
    uint16 delayAbove; // a larger amount that comes in waits `VETO_DELAY`, in which a guardian may veto it
}

/// @notice What a deployment fixes for good, and the limits with which every asset begins.
struct Bounds {
    uint48 returnDelay; // seconds
    uint48 vetoDelay; // seconds
    uint32 flowPeriod; // seconds in which a used limit is whole again
    uint32 maxPause; // seconds
    FlowLimits initial;
    address watch; // guardian that may pause
    address officers; // guardian that may pause and veto
}

/// @notice What keeps a loss bounded (SPEC 9): limits that refill with time and with half of what flows back, a delay
///         for large amounts, and pauses that end by themselves.
/// @dev What is forged and sent back round makes half of the room that it took, so that a quorum of stolen keys brings
///      in at most twice a full limit at once, however often it goes round. Limits are half of what may be lost.
interface IBrakes {
    event FlowLimitsSet(uint256 indexed chain, address indexed asset, FlowLimits limits);
    event GuardianSet(address indexed guardian, uint8 rights);
    event FlowPaused(
        uint256 indexed chain, address indexed asset, uint8 directions, uint256 until, address indexed guardian
    );
    event FlowResumed(uint256 indexed chain, address indexed asset, uint8 directions);
    event Vetoed(bytes32 indexed leaf, address indexed guardian);

    error OutboundLimit(address asset, uint256 fits);
    error OutboundPaused(address asset, uint256 until);
    error StillDelayed(bytes32 leaf, uint256 opensAt);
    error NotVetoable(bytes32 leaf, uint8 reason);
    error NotPermitted(address guardian, uint8 rights);
    error PauseTooLong(uint256 duration, uint256 longest);
    /// @notice Whoever paused last may not do so again before a break; another guardian may.
    error PauseNeedsAnother(address guardian);
    error BoundsInvalid();

    /// @notice Sets the limits of an asset on a route. Only the governor. What is used stays used.
    function setFlowLimits(uint256 chain, address asset, FlowLimits calldata limits) external;

    /// @notice Gives or takes the rights of a guardian, see `Right`. Only the governor.
    function setGuardian(address guardian, uint8 rights) external;

    /// @notice Pauses assets on a route for so many seconds, at most `MAX_PAUSE`. Only guardians with that right.
    ///         Where a pause lasts longer already, nothing changes; where another guardian is needed, neither, and it
    ///         reverts only if that is so everywhere.
    /// @param directions See `Direction`: both may be named at once.
    function pause(uint256 chain, address[] calldata assets, uint8 directions, uint32 duration) external;

    /// @notice Ends a pause before its time. Only the governor.
    function resume(uint256 chain, address asset, uint8 directions) external;

    /// @notice Sends a delayed transfer back to its sender. Only guardians with that right.
    /// @return returnLeaf Zero if the source does not cover the amount: nothing goes back, and only the governor retries.
    function veto(uint256 sourceChain, Message calldata message) external returns (bytes32 returnLeaf);

    /// @notice How much may move now in a direction, and when `amount` may; zero: never under these limits.
    /// @dev What may come in also depends on the cap, or on the book at home.
    function preview(uint256 chain, address asset, uint8 direction, uint256 amount)
        external
        view
        returns (uint256 fits, uint256 fitsAt);

    function flowLimits(uint256 chain, address asset) external view returns (FlowLimits memory);
    /// @notice Until when a direction is paused, in UTC seconds; zero or past: it is not.
    function pausedUntil(uint256 chain, address asset, uint8 direction) external view returns (uint256);
    function rightsOf(address guardian) external view returns (uint8);
    /// @notice Seconds that a large amount waits. Pauses stop its clock.
    function VETO_DELAY() external view returns (uint48);
    function FLOW_PERIOD() external view returns (uint32);
    function MAX_PAUSE() external view returns (uint32);
}

/// @notice Directions of a flow, as bits.
library Direction {
    uint8 internal constant INBOUND = 1;
    uint8 internal constant OUTBOUND = 2;
}

/// @notice Rights of a guardian, as bits.
library Right {
    uint8 internal constant PAUSE = 1;
    uint8 internal constant VETO = 2;
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice A committee of organisations, one signer each, by epochs (SPEC 4).
/// @dev An epoch is active, pending until `activatesAt`, superseded or revoked. Only the active one verifies.
interface ICommittee {
    event EpochScheduled(uint64 indexed epoch, bytes32 setHash, uint8 threshold, uint48 activatesAt);
    /// @notice The pending epoch was dropped: vetoed, replaced, or scheduled by a set that was revoked.
    event EpochVetoed(uint64 indexed epoch);
    event EpochReplaced(uint64 indexed epoch, bytes32 setHash, uint8 threshold);
    event EpochRevoked(uint64 indexed epoch);

    error EpochNotActive(uint64 given, uint64 active);
    error SetNotActive(bytes32 given, bytes32 active);
    error EpochIsRevoked(uint64 epoch);
    error EpochUnknown(uint64 epoch);
    error NothingPending(uint64 epoch);
    error NotScheduler(address caller);
    error NotGovernor(address caller);
    error NotGuardian(address caller);
    error RotationRefused(uint64 epoch);
    error SetRefused(uint256 members, uint256 threshold);
    error ZeroAddress();

    /// @notice Returns quietly if `certificate` is a quorum of `epoch` over `digest`; reverts with a named error if not.
    function verify(uint64 epoch, bytes32 digest, bytes calldata certificate) external view;

    /// @notice Schedules the set of `epoch`, which must follow the active one, to be active after `ACTIVATION_DELAY`.
    /// @dev Only the scheduler: the gateway on a remote chain, the governor at home.
    function schedule(bytes32 previousSetHash, uint64 epoch, uint8 threshold, bytes calldata members) external;

    /// @notice Whether `schedule` would accept these arguments now.
    function canSchedule(bytes32 previousSetHash, uint64 epoch, uint8 threshold, bytes calldata members)
        external
        view
        returns (bool);

    /// @notice Drops the pending epoch before it is active. Its number is free again. Only the guardian.
    function veto(uint64 epoch) external;

    /// @notice Puts a new set in force at once, under the epoch after the active one; a pending one is dropped. Only the
    ///         governor.
    function replace(uint8 threshold, bytes calldata members) external returns (uint64 epoch);

    /// @notice Ends an epoch that is or was active, for good: it verifies nothing, what it left HELD cannot be retried,
    ///         and whom it scheduled does not follow it. Only the governor.
    function revoke(uint64 epoch) external;

    /// @notice Writes down that a pending epoch has become active, which time alone decides. Anyone may; every
    ///         verification after it costs 2,100 gas less.
    function settle() external;

    /// @notice The epoch that verifies at this block's time.
    function activeEpoch() external view returns (uint64);

    /// @notice Hash, threshold and members of a known epoch. The hash is keccak256(threshold as 1 byte ‖ members).
    function setOf(uint64 epoch) external view returns (bytes32 setHash, uint8 threshold, bytes memory members);

    function isRevoked(uint64 epoch) external view returns (bool);

    /// @notice Who may schedule.
    function SCHEDULER() external view returns (address);
}

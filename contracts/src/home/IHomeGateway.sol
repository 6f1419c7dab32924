// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IGateway} from "../common/IGateway.sol";

/// @notice Locks bonds of the home ledger for remote chains and releases them when their wrapped units were burned.
interface IHomeGateway is IGateway {
    event RouteOpened(uint256 indexed chain, address gateway, uint32 window, uint32 maxBatch);
    event LockLimitSet(uint256 indexed chain, uint32 locksPerBlock);
    event AssetAnnounced(uint256 indexed chain, address indexed asset, bytes12 isin);

    error NotRegistrar(address caller);
    error RouteExists(uint256 chain);
    error RouteParametersInvalid(uint32 window, uint32 maxBatch);
    error AssetNotAnnounced(uint256 chain, address asset);
    error AssetAlreadyAnnounced(uint256 chain, address asset);
    error AssetHasNoCode(address asset);
    error AssetTermsInvalid(address asset);
    /// @notice The token gives other terms than at its first announcement.
    error AssetTermsChanged(address asset);
    error IsinTaken(bytes12 isin, address asset);
    error TooManyLocks(address account, uint32 locksPerBlock);
    /// @notice The escrow did not grow by exactly what was locked: the token takes a fee or does not pay.
    error EscrowMismatch(uint256 expected, uint256 received);

    /// @notice Opens the route to one remote gateway. Only the governor, once per chain; nothing of it changes later.
    function openRoute(uint256 chain, address gateway, uint32 window, uint32 maxBatch, uint32 locksPerBlock) external;

    /// @notice How often one account may lock in one block: home gas is free, public gas is not. Only the governor.
    function setLockLimit(uint256 chain, uint32 locksPerBlock) external;

    /// @notice Announces a bond to a remote chain, where a wrapped token is deployed for it. Only the registrar.
    /// @param supplyCap Units that may be wrapped there at a time, until the remote governor changes it.
    function announce(address asset, uint256 chain, uint96 supplyCap) external returns (bytes32 leaf);

    /// @notice Tells a remote chain its next committee, active there after a delay. Only the governor.
    function rotate(uint256 chain, bytes32 previousSetHash, uint64 epoch, uint8 threshold, bytes calldata members)
        external
        returns (bytes32 leaf);

    /// @notice Locks `amount` units of the caller; `recipient` gets as many wrapped units on `chain`.
    /// @param userReference Free bytes for the parties, at most 512.
    /// @return leaf The transfer's id.
    function lock(address asset, uint256 amount, uint256 chain, address recipient, bytes calldata userReference)
        external
        returns (bytes32 leaf);

    /// @notice Units in escrow for wrapped units of one remote chain. A broken remote can never draw more.
    function locked(uint256 chain, address asset) external view returns (uint128);

    /// @notice Units in escrow over all remote chains.
    function escrowed(address asset) external view returns (uint256);
}

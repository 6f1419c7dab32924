// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IGateway} from "../common/IGateway.sol";
import {IWrappedJGB} from "./IWrappedJGB.sol";

/// @notice Mints wrapped bonds for locks at home and sends burned ones back there.
interface IRemoteGateway is IGateway {
    event AssetDeployed(address indexed asset, bytes12 indexed isin, address wrapped, uint96 supplyCap);
    event CapSet(address indexed asset, uint96 supplyCap);

    error AssetUnknown(address asset);
    error RouteParametersInvalid(uint32 window, uint32 maxBatch);
    /// @notice The committee of this gateway takes rotations from another account.
    error SchedulerMismatch(address scheduler);

    /// @notice Burns `amount` wrapped units of the caller; `recipient` gets as many units at home.
    /// @param asset The home token, as in every message.
    /// @param userReference Free bytes for the parties, at most 512.
    /// @return leaf The transfer's id.
    function burn(address asset, uint256 amount, address recipient, bytes calldata userReference)
        external
        returns (bytes32 leaf);

    /// @notice Sets how many units of an asset may be wrapped here at a time. Only the governor.
    function setCap(address asset, uint96 supplyCap) external;

    function HOME_CHAIN() external view returns (uint256);
    function HOME_GATEWAY() external view returns (address);
    /// @notice The wrapped token of a home token; zero if it was never announced.
    function wrappedOf(address asset) external view returns (address);
    function capOf(address asset) external view returns (uint96);
    function assetOf(bytes12 isin) external view returns (address);
}

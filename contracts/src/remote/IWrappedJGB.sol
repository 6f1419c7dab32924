// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../common/BondTerms.sol";
import {Payment} from "../common/Payments.sol";

/// @notice A claim on a bond held in custody on the home ledger: 1 unit is JPY 1 face, as there.
interface IWrappedJGB {
    error NotGateway(address caller);

    /// @notice ERC-7802's `crosschainMint` for a whole delivery: one call, and one `Transfer` each. Only the gateway.
    function crosschainMintMany(Payment[] calldata payments) external;

    /// @notice The only account that mints and burns.
    function GATEWAY() external view returns (address);
    /// @notice The bond's token on the home ledger.
    function HOME_ASSET() external view returns (address);
    function HOME_CHAIN() external view returns (uint256);
    function terms() external view returns (BondTerms memory);
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../common/BondTerms.sol";
import {Payment} from "../common/Payments.sol";
import {IWrappedJGB} from "./IWrappedJGB.sol";
import {IERC7802} from "@openzeppelin/contracts/interfaces/draft-IERC7802.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Bridgeable} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC20Bridgeable.sol";

/// @notice ERC-20 with ERC-2612 permits and ERC-7802 mint and burn, deployed by its gateway for one announced bond.
contract WrappedJGB is ERC20Permit, ERC20Bridgeable, IWrappedJGB {
    /// @inheritdoc IWrappedJGB
    address public immutable GATEWAY;
    /// @inheritdoc IWrappedJGB
    address public immutable HOME_ASSET;
    /// @inheritdoc IWrappedJGB
    uint256 public immutable HOME_CHAIN;
    BondTerms private _terms;

    constructor(uint256 homeChain, address homeAsset, BondTerms memory terms_)
        ERC20(
            string.concat("Wrapped JGB ", string(abi.encodePacked(terms_.isin))),
            string.concat("w", string(abi.encodePacked(terms_.isin)))
        )
        ERC20Permit(string.concat("Wrapped JGB ", string(abi.encodePacked(terms_.isin))))
    {
        GATEWAY = msg.sender;
        HOME_ASSET = homeAsset;
        HOME_CHAIN = homeChain;
        _terms = terms_;
    }

    /// @inheritdoc IWrappedJGB
    function crosschainMintMany(Payment[] calldata payments) external onlyTokenBridge {
        for (uint256 i = 0; i < payments.length; ++i) {
            Payment payment = payments[i];
            _mint(payment.account(), payment.amount());
        }
    }

    /// @inheritdoc IWrappedJGB
    function terms() external view returns (BondTerms memory) {
        return _terms;
    }

    function decimals() public pure override returns (uint8) {
        return 0;
    }

    function _checkTokenBridge(address caller) internal view override {
        if (caller != GATEWAY) revert NotGateway(caller);
    }
}

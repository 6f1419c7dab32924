// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms, Terms} from "../common/BondTerms.sol";
import {IJGBToken} from "./IJGBToken.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice One bond, one ISIN, no decimals.
contract JGBToken is ERC20, IJGBToken {
    /// @inheritdoc IJGBToken
    address public immutable ISSUER;
    BondTerms private _terms;

    constructor(BondTerms memory terms_, address issuer)
        ERC20(
            string(abi.encodePacked("JGB ", abi.encodePacked(terms_.isin))),
            string(abi.encodePacked(abi.encodePacked(terms_.isin)))
        )
    {
        if (!Terms.isValid(terms_)) revert TermsInvalid(terms_.isin);
        _terms = terms_;
        ISSUER = issuer;
    }

    modifier onlyIssuer() {
        if (msg.sender != ISSUER) revert NotIssuer(msg.sender);
        _;
    }

    /// @inheritdoc IJGBToken
    function issue(address account, uint256 amount) external onlyIssuer {
        _mint(account, amount);
    }

    /// @inheritdoc IJGBToken
    function withdraw(uint256 amount) external onlyIssuer {
        _burn(msg.sender, amount);
    }

    /// @inheritdoc IJGBToken
    function terms() external view returns (BondTerms memory) {
        return _terms;
    }

    function decimals() public pure override returns (uint8) {
        return 0;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../common/BondTerms.sol";

/// @notice A Japanese Government Bond held in custody, as a token of the home ledger: 1 unit is JPY 1 face.
interface IJGBToken {
    error TermsInvalid(bytes12 isin);
    error NotIssuer(address caller);

    function ISSUER() external view returns (address);
    function terms() external view returns (BondTerms memory);

    /// @notice Books `amount` units to `account` against bonds that the custodian has received. Only the issuer.
    function issue(address account, uint256 amount) external;

    /// @notice Takes `amount` of the issuer's own units off the ledger: the custodian has delivered the bonds out.
    function withdraw(uint256 amount) external;
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Isin} from "./Isin.sol";

/// @notice The terms of a bond, equal on every chain.
struct BondTerms {
    bytes12 isin;
    uint8 bondType; // see `BondType`
    uint32 issueNumber;
    uint32 couponRate; // percent per annum x 1000; zero for bills
    uint64 issueDate; // UTC seconds of 00:00 JST
    uint64 maturityDate; // UTC seconds of 00:00 JST
    uint64 denomination; // units of JPY 1 face
}

/// @notice Zero is no type.
library BondType {
    uint8 internal constant BILL = 1;
    uint8 internal constant FIXED_COUPON = 2;
}

/// @notice Checks of terms, and the data of an ANNOUNCE: the words of the struct in order, then the supply cap (SPEC 2.4).
library Terms {
    uint256 internal constant WORDS = 8;

    function isValid(BondTerms memory terms) internal pure returns (bool) {
        if (!Isin.isValid(terms.isin) || terms.denomination == 0 || terms.maturityDate <= terms.issueDate) {
            return false;
        }
        if (terms.bondType == BondType.BILL) return terms.couponRate == 0;
        return terms.bondType == BondType.FIXED_COUPON;
    }

    /// @notice Reads an announcement without ever reverting; `ok` is false where a word is out of range or the terms
    ///         are invalid.
    function tryDecode(bytes calldata data) internal pure returns (bool ok, BondTerms memory terms, uint96 supplyCap) {
        if (data.length != WORDS * 32) return (false, terms, 0);
        uint256[WORDS] memory word = abi.decode(data, (uint256[8]));
        bool inRange = word[0] << 96 == 0 && word[1] <= type(uint8).max && word[2] <= type(uint32).max
            && word[3] <= type(uint32).max && word[4] <= type(uint64).max && word[5] <= type(uint64).max
            && word[6] <= type(uint64).max && word[7] <= type(uint96).max;
        if (!inRange) return (false, terms, 0);
        (terms, supplyCap) = abi.decode(data, (BondTerms, uint96));
        return (isValid(terms), terms, supplyCap);
    }
}

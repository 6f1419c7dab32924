// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice ISIN of ISO 6166, restricted to Japan: "JP", nine characters of 0-9 or A-Z, and a check digit.
library Isin {
    /// @notice Whether `isin` has the form and the right check digit.
    /// @dev Letters become two digits (A = 10 ... Z = 35); from the right, every second digit counts double (Luhn).
    function isValid(bytes12 isin) internal pure returns (bool) {
        if (isin[0] != "J" || isin[1] != "P" || isin[11] < "0" || isin[11] > "9") return false;
        uint256 sum = 0;
        bool double = false;
        for (uint256 i = 12; i > 0; --i) {
            uint8 char = uint8(isin[i - 1]);
            if (char >= 48 && char <= 57) {
                sum += _digit(char - 48, double);
                double = !double;
            } else if (char >= 65 && char <= 90) {
                uint8 value = char - 55;
                sum += _digit(value % 10, double) + _digit(value / 10, !double);
            } else {
                return false;
            }
        }
        return sum % 10 == 0;
    }

    function _digit(uint8 digit, bool double) private pure returns (uint8) {
        if (!double) return digit;
        return digit < 5 ? 2 * digit : 2 * digit - 9;
    }
}

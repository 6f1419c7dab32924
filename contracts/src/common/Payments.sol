// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice Who gets how many units, in one word: 20 bytes of account, 12 bytes of amount.
type Payment is uint256;

using Payments for Payment global;

/// @notice A list of payments that grows within the room it was given.
/// @dev Solidity's arrays in memory cannot grow and are cleared when they are made. This one starts empty; the caller
///      promises not to push more often than `capacity` between clearings.
library Payments {
    function account(Payment payment) internal pure returns (address) {
        return address(uint160(Payment.unwrap(payment) >> 96));
    }

    function amount(Payment payment) internal pure returns (uint96) {
        return uint96(Payment.unwrap(payment));
    }

    function withCapacity(uint256 capacity) internal pure returns (Payment[] memory list) {
        assembly ("memory-safe") {
            list := mload(0x40)
            mstore(list, 0)
            mstore(0x40, add(list, shl(5, add(capacity, 1))))
        }
    }

    function push(Payment[] memory list, address account_, uint96 amount_) internal pure {
        uint256 payment = uint256(uint160(account_)) << 96 | amount_;
        assembly ("memory-safe") {
            let length := add(mload(list), 1)
            mstore(list, length)
            mstore(add(list, shl(5, length)), payment)
        }
    }

    function clear(Payment[] memory list) internal pure {
        assembly ("memory-safe") {
            mstore(list, 0)
        }
    }
}

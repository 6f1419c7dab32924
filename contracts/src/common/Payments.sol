// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice Who gets how many units, in one word: 20 bytes of account, 12 bytes of amount.
type Payment is uint256;

using Payments for Payment global;

/// @notice A list of payments that grows within the room it was given.
/// @dev Solidity's arrays in memory cannot grow and are cleared when they are made. This one starts empty; the caller
///      promises not to push more often than `capacity` between clearings. Two words before it stay free for
///      `send`; what it does in plain words is in `test/remote/Payments.t.sol`.
library Payments {
    function account(Payment payment) internal pure returns (address) {
        return address(uint160(Payment.unwrap(payment) >> 96));
    }

    function amount(Payment payment) internal pure returns (uint96) {
        return uint96(Payment.unwrap(payment));
    }

    function withCapacity(uint256 capacity) internal pure returns (Payment[] memory list) {
        assembly ("memory-safe") {
            list := add(mload(0x40), 0x40)
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

    /// @notice Calls the function `selector` of `token`, whose one argument is a list of payments and which returns
    ///         nothing. The list is sent from where it is; what the token reverts with is passed on.
    /// @dev As with any low-level call, an account without code accepts it.
    function send(Payment[] memory list, address token, bytes4 selector) internal {
        assembly ("memory-safe") {
            mstore(sub(list, 0x40), shr(224, selector)) // in the last four bytes of the word
            mstore(sub(list, 0x20), 0x20) // where the argument starts
            if iszero(call(gas(), token, 0, sub(list, 0x24), add(0x44, shl(5, mload(list))), 0, 0)) {
                let start := mload(0x40)
                returndatacopy(start, 0, returndatasize())
                revert(start, returndatasize())
            }
        }
    }

    function clear(Payment[] memory list) internal pure {
        assembly ("memory-safe") {
            mstore(list, 0)
        }
    }
}

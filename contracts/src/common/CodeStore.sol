// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice Keeps bytes as the code of a contract that does nothing: one cold read costs 2,600 gas whatever their length.
/// @dev The stored code starts with STOP, so that a call to it does nothing.
library CodeStore {
    error StoreFailed();

    /// @dev Creation code: PUSH4 size, DUP1, PUSH1 14, PUSH1 0, CODECOPY, PUSH1 0, RETURN; then STOP and `content`.
    function write(bytes memory content) internal returns (address store) {
        bytes memory creation =
            abi.encodePacked(hex"63", uint32(content.length + 1), hex"80600e6000396000f300", content);
        assembly ("memory-safe") {
            store := create(0, add(creation, 32), mload(creation))
        }
        if (store == address(0)) revert StoreFailed();
    }

    /// @notice What was written to `store`, without the STOP.
    function read(address store) internal view returns (bytes memory content) {
        content = new bytes(store.code.length - 1);
        assembly ("memory-safe") {
            extcodecopy(store, add(content, 32), 1, mload(content))
        }
    }
}

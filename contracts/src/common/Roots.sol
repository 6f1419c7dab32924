// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice Merkle roots as OpenZeppelin's `MerkleProof` verifies them (SPEC 3.2).
/// @dev The plain version is in `test/Trees.sol`; fuzz tests hold the two equal.
library Roots {
    /// @notice Root over `leaves` in their order: pairs are sorted before hashing, an odd node is promoted unchanged.
    ///         The root of no leaves is zero, which no batch may carry.
    /// @dev Levels above the leaves overwrite each other behind the free memory pointer.
    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32 root) {
        assembly ("memory-safe") {
            let width := mload(leaves)
            let level := add(leaves, 0x20)
            let above := mload(0x40)
            for {} gt(width, 1) {} {
                let free := above
                for { let end := add(level, and(shl(5, width), not(0x3f))) } lt(level, end) {} {
                    let left := mload(level)
                    let right := mload(add(level, 0x20))
                    let place := shl(5, gt(left, right)) // of `left`: the smaller of a pair comes first
                    mstore(place, left)
                    mstore(xor(place, 0x20), right)
                    mstore(free, keccak256(0x00, 0x40))
                    free := add(free, 0x20)
                    level := add(level, 0x40)
                }
                if and(width, 1) { mstore(free, mload(level)) }
                level := above
                width := shr(1, add(width, 1))
            }
            if width { root := mload(level) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Message} from "../src/common/Protocol.sol";
import {Route} from "../src/common/Wire.sol";

/// @notice Leaves, roots and proofs in plain Solidity, as SPEC words them; the assembly in `src` is held against these.
library Trees {
    function leafOf(Route memory route, Message memory message) internal pure returns (bytes32) {
        bytes32 inner = keccak256(
            abi.encode(
                keccak256("jgb-bridge/message/1"),
                route.sourceChain,
                route.sourceGateway,
                route.destinationChain,
                route.destinationGateway,
                message
            )
        );
        return keccak256(abi.encode(inner));
    }

    function leavesOf(Route memory route, Message[] memory messages) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](messages.length);
        for (uint256 i = 0; i < messages.length; ++i) {
            leaves[i] = leafOf(route, messages[i]);
        }
    }

    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        while (leaves.length > 1) {
            leaves = _above(leaves);
        }
        return leaves[0];
    }

    /// @notice Siblings of leaf `index` from the bottom up; an odd node has none on its level.
    function proofOf(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory proof) {
        bytes memory packed;
        while (leaves.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < leaves.length) packed = abi.encodePacked(packed, leaves[sibling]);
            leaves = _above(leaves);
            index /= 2;
        }
        proof = new bytes32[](packed.length / 32);
        for (uint256 i = 0; i < proof.length; ++i) {
            assembly ("memory-safe") {
                mstore(add(add(proof, 32), mul(i, 32)), mload(add(add(packed, 32), mul(i, 32))))
            }
        }
    }

    function _above(bytes32[] memory level) private pure returns (bytes32[] memory above) {
        above = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < above.length; ++i) {
            above[i] = 2 * i + 1 < level.length ? _pair(level[2 * i], level[2 * i + 1]) : level[2 * i];
        }
    }

    function _pair(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return left < right ? keccak256(abi.encode(left, right)) : keccak256(abi.encode(right, left));
    }
}

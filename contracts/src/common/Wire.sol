// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BatchDigest} from "./BatchDigest.sol";
import {Leaves} from "./Leaves.sol";
import {Batch, Message} from "./Protocol.sol";

/// @notice One direction between two gateways.
struct Route {
    uint256 sourceChain;
    address sourceGateway;
    uint256 destinationChain;
    address destinationGateway;
}

/// @notice A message in calldata whose encoding was checked: the place where its head starts.
type Inbound is uint256;

/// @notice A batch in calldata whose encoding was checked: the place where it starts.
type InboundBatch is uint256;

using Wire for Inbound global;
using Wire for InboundBatch global;

/// @notice Reads batches and messages where they are, in calldata, and hashes them.
/// @dev The plain versions are Solidity's decoder with `BatchDigest` and `Leaves`; fuzz tests hold them equal. An
///      encoding that Solidity's decoder would refuse is refused here, or hashes to what nobody has signed.
library Wire {
    /// @notice A word of the message has bits that its type has not.
    error EncodingInvalid();

    /// @notice The batch, and what its certificate signs, as `BatchDigest.digestOf`.
    function readBatch(Batch calldata encoded, bytes32 domain)
        internal
        pure
        returns (InboundBatch batch, bytes32 digest)
    {
        bytes32 batchType = BatchDigest.BATCH_TYPE;
        uint256 dirty;
        assembly ("memory-safe") {
            let start := mload(0x40)
            let fields := add(start, 0x20)
            mstore(start, batchType)
            calldatacopy(fields, encoded, 0x160) // eleven of one word
            dirty := shr(160, or(mload(add(fields, 0x20)), mload(add(fields, 0x60)))) // gateways
            dirty := or(dirty, shr(64, or(mload(add(fields, 0x80)), mload(add(fields, 0xa0))))) // epoch, first nonce
            dirty := or(dirty, shr(32, mload(add(fields, 0xc0)))) // count
            dirty := or(dirty, shr(64, or(mload(add(fields, 0x100)), mload(add(fields, 0x140))))) // height, time
            let structHash := keccak256(start, 0x180)
            mstore(start, shl(240, 0x1901))
            mstore(add(start, 0x02), domain)
            mstore(add(start, 0x22), structHash)
            digest := keccak256(start, 0x42)
            batch := encoded
        }
        if (dirty != 0) revert EncodingInvalid();
    }

    /// @notice The message, and its leaf as `Leaves.leafOf`.
    function read(Route memory route, Message calldata encoded) internal pure returns (Inbound message, bytes32 leaf) {
        bytes32 tag = Leaves.TAG;
        bytes calldata data_ = encoded.data; // wherever the encoding put it, hashed as if it were in its place
        uint256 dirty;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, tag)
            mstore(add(start, 0x20), mload(route))
            mstore(add(start, 0x40), mload(add(route, 0x20)))
            mstore(add(start, 0x60), mload(add(route, 0x40)))
            mstore(add(start, 0x80), mload(add(route, 0x60)))
            mstore(add(start, 0xa0), 0xc0) // where the message starts
            let head := add(start, 0xc0)
            calldatacopy(head, encoded, 0xe0) // its seven fields of one word
            mstore(add(head, 0xe0), 0x100) // where its data starts
            mstore(add(head, 0x100), data_.length)
            calldatacopy(add(head, 0x120), data_.offset, data_.length)
            mstore(add(add(head, 0x120), data_.length), 0) // pads to whole words
            mstore(0x00, keccak256(start, add(0x1e0, and(add(data_.length, 0x1f), not(0x1f)))))
            leaf := keccak256(0x00, 0x20)

            dirty := or(shr(8, mload(head)), shr(64, mload(add(head, 0x20)))) // kind, nonce
            dirty := or(dirty, shr(160, or(mload(add(head, 0x40)), mload(add(head, 0x60))))) // asset, sender
            dirty := or(dirty, shr(160, mload(add(head, 0x80)))) // recipient
            dirty := or(dirty, shr(128, or(mload(add(head, 0xa0)), mload(add(head, 0xc0))))) // amount, total
            message := encoded
        }
        if (dirty != 0) revert EncodingInvalid();
    }

    function sourceChain(InboundBatch batch) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(batch)
        }
    }

    function sourceGateway(InboundBatch batch) internal pure returns (address value) {
        assembly ("memory-safe") {
            value := calldataload(add(batch, 0x20))
        }
    }

    function destinationChain(InboundBatch batch) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(add(batch, 0x40))
        }
    }

    function destinationGateway(InboundBatch batch) internal pure returns (address value) {
        assembly ("memory-safe") {
            value := calldataload(add(batch, 0x60))
        }
    }

    function epoch(InboundBatch batch) internal pure returns (uint64 value) {
        assembly ("memory-safe") {
            value := calldataload(add(batch, 0x80))
        }
    }

    function firstNonce(InboundBatch batch) internal pure returns (uint64 value) {
        assembly ("memory-safe") {
            value := calldataload(add(batch, 0xa0))
        }
    }

    function count(InboundBatch batch) internal pure returns (uint32 value) {
        assembly ("memory-safe") {
            value := calldataload(add(batch, 0xc0))
        }
    }

    function root(InboundBatch batch) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := calldataload(add(batch, 0xe0))
        }
    }

    function sourceHeight(InboundBatch batch) internal pure returns (uint64 value) {
        assembly ("memory-safe") {
            value := calldataload(add(batch, 0x100))
        }
    }

    /// @notice The message, if `read` has checked its encoding before.
    function placeOf(Message calldata encoded) internal pure returns (Inbound message) {
        assembly ("memory-safe") {
            message := encoded
        }
    }

    function kind(Inbound message) internal pure returns (uint8 value) {
        assembly ("memory-safe") {
            value := calldataload(message)
        }
    }

    function nonce(Inbound message) internal pure returns (uint64 value) {
        assembly ("memory-safe") {
            value := calldataload(add(message, 0x20))
        }
    }

    function asset(Inbound message) internal pure returns (address value) {
        assembly ("memory-safe") {
            value := calldataload(add(message, 0x40))
        }
    }

    function sender(Inbound message) internal pure returns (address value) {
        assembly ("memory-safe") {
            value := calldataload(add(message, 0x60))
        }
    }

    function recipient(Inbound message) internal pure returns (address value) {
        assembly ("memory-safe") {
            value := calldataload(add(message, 0x80))
        }
    }

    function amount(Inbound message) internal pure returns (uint128 value) {
        assembly ("memory-safe") {
            value := calldataload(add(message, 0xa0))
        }
    }

    function runningTotal(Inbound message) internal pure returns (uint128 value) {
        assembly ("memory-safe") {
            value := calldataload(add(message, 0xc0))
        }
    }

    /// @notice Whether its amount or its data is larger than this.
    function exceeds(Inbound message, uint256 amount_, uint256 length) internal pure returns (bool value) {
        assembly ("memory-safe") {
            let data_ := add(message, calldataload(add(message, 0xe0)))
            value := or(gt(calldataload(add(message, 0xa0)), amount_), gt(calldataload(data_), length))
        }
    }

    function data(Inbound message) internal pure returns (bytes calldata value) {
        assembly ("memory-safe") {
            let length := add(message, calldataload(add(message, 0xe0)))
            value.offset := add(length, 0x20)
            value.length := calldataload(length)
        }
    }
}

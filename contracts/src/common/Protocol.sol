// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice One instruction from a source gateway to a destination gateway (SPEC 2).
/// @dev `kind` is a plain number, so that a kind of a later version is HELD here instead of reverting its batch.
struct Message {
    uint8 kind; // see `Kind`
    uint64 nonce; // contiguous from 0 per route
    address asset; // the home token, on both sides
    address sender; // who locked or burned; registrar or governor for the other kinds
    address recipient; // who is paid at the destination
    uint128 amount; // units of JPY 1 face
    uint128 runningTotal; // gross units of (route, asset) through this nonce
    bytes data; // at most `Limits.MAX_DATA` bytes
}

/// @notice What a quorum signs: consecutive messages of one route, mined in one window of the source chain (SPEC 3).
struct Batch {
    uint256 sourceChain;
    address sourceGateway;
    uint256 destinationChain;
    address destinationGateway;
    uint64 epoch; // the destination's active committee
    uint64 firstNonce;
    uint32 count;
    bytes32 root; // Merkle root over the leaves in nonce order
    uint64 sourceHeight; // last block of the window
    bytes32 sourceBlockHash;
    uint64 sourceTime; // UTC seconds
}

/// @notice Message kinds (SPEC 2.1). Zero is no kind.
library Kind {
    uint8 internal constant TRANSFER = 1;
    uint8 internal constant RETURN = 2;
    uint8 internal constant ANNOUNCE = 3;
    uint8 internal constant COMMITTEE = 4;
}

/// @notice Bounds that both sides of a route share (SPEC 2.3).
library Limits {
    uint256 internal constant MAX_DATA = 1024;
    /// @dev A RETURN quotes the data of the transfer it answers behind four words of its own.
    uint256 internal constant MAX_REFERENCE = 512;
    uint256 internal constant MAX_BATCH = 128;
}

/// @notice Why a message is HELD (SPEC 5). Numbers are stable: events, API and logs show the same ones.
library Reason {
    uint8 internal constant NONE = 0;
    uint8 internal constant CAP = 33;
    uint8 internal constant LIMIT = 34;
    uint8 internal constant DELAYED = 35;
    uint8 internal constant PAUSED = 36;
    uint8 internal constant MATURED = 41;
    uint8 internal constant ODD_LOT = 42;
    uint8 internal constant BOOK_EXCEEDED = 64;
    uint8 internal constant TOTAL_EXCEEDED = 65;
    uint8 internal constant ASSET_UNKNOWN = 80;
    uint8 internal constant RECIPIENT_INVALID = 81;
    uint8 internal constant TERMS_CONFLICT = 82;
    uint8 internal constant TERMS_INVALID = 83;
    uint8 internal constant COMMITTEE_MISMATCH = 84;
    uint8 internal constant RETURN_UNMATCHED = 85;
    uint8 internal constant KIND_UNKNOWN = 86;
    uint8 internal constant NOT_SENDABLE = 87;

    /// @notice Anyone may try again.
    function isRetryable(uint8 reason) internal pure returns (bool) {
        return (reason >= CAP && reason <= PAUSED) || isReturnable(reason);
    }

    /// @notice After a period anyone may send it back, to the recorded sender only.
    function isReturnable(uint8 reason) internal pure returns (bool) {
        return reason == ASSET_UNKNOWN || reason == RECIPIENT_INVALID;
    }
}

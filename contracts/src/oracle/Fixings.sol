// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice One number of one day as the chain keeps it.
/// @dev One slot, see `Fixings`.
struct Fixing {
    int88 value; // times 1e8
    uint24 date; // days since 1970-01-01
    uint8 status;
    uint16 revision;
    uint40 updatedAt; // UTC seconds
    uint40 validUntil; // UTC seconds
    uint24 round; // zero: it never was the latest
    bool isCarried; // not new: reporters attested that nothing newer was published
}

/// @notice A fixing in one word. The compiler would write a struct field by field, each time reading the slot again.
library Fixings {
    type Word is uint256;

    uint256 private constant UPDATED_AT = uint256(type(uint40).max) << 136;
    uint256 private constant ROUND = uint256(type(uint24).max) << 216;
    uint256 private constant CARRIED = 1 << 240;
    uint256 private constant FOLLOWED = 1 << 248;

    error ValueOutOfRange(int256 value);
    error DateOutOfRange(uint256 date);
    error RevisionOutOfRange(uint256 revision);

    /// @notice What all numbers of one report have in common.
    function head(uint256 date, uint8 status, uint256 revision) internal pure returns (Word) {
        if (date > type(uint24).max) revert DateOutOfRange(date);
        if (revision > type(uint16).max) revert RevisionOutOfRange(revision);
        return Word.wrap(date << 88 | uint256(status) << 112 | revision << 120);
    }

    /// @notice A fixing that is no round yet.
    /// @param updatedAt UTC seconds, not after now.
    function make(Word common, int256 value, uint256 updatedAt, uint64 validUntil) internal pure returns (Word) {
        if (int88(value) != value) revert ValueOutOfRange(value);
        uint256 until = validUntil > type(uint40).max ? type(uint40).max : validUntil;
        return Word.wrap(Word.unwrap(common) | uint256(uint88(int88(value))) | updatedAt << 136 | until << 176);
    }

    function unpack(Word word) internal pure returns (Fixing memory fixing) {
        uint256 bits = Word.unwrap(word);
        fixing.value = valueOf(word);
        fixing.date = dateOf(word);
        fixing.status = statusOf(word);
        fixing.revision = revisionOf(word);
        fixing.updatedAt = updatedAtOf(word);
        fixing.validUntil = uint40(bits >> 176);
        fixing.round = roundOf(word);
        fixing.isCarried = bits & CARRIED != 0;
    }

    function valueOf(Word word) internal pure returns (int88) {
        return int88(uint88(Word.unwrap(word)));
    }

    function dateOf(Word word) internal pure returns (uint24) {
        return uint24(Word.unwrap(word) >> 88);
    }

    function statusOf(Word word) internal pure returns (uint8) {
        return uint8(Word.unwrap(word) >> 112);
    }

    function revisionOf(Word word) internal pure returns (uint16) {
        return uint16(Word.unwrap(word) >> 120);
    }

    function updatedAtOf(Word word) internal pure returns (uint40) {
        return uint40(Word.unwrap(word) >> 136);
    }

    function roundOf(Word word) internal pure returns (uint24) {
        return uint24(Word.unwrap(word) >> 216);
    }

    /// @notice Of the latest: whether a later day is known to have no number.
    function isFollowed(Word word) internal pure returns (bool) {
        return Word.unwrap(word) & FOLLOWED != 0;
    }

    function followed(Word word) internal pure returns (Word) {
        return Word.wrap(Word.unwrap(word) | FOLLOWED);
    }

    function carried(Word word, uint40 attestedAt, uint40 validUntil) internal pure returns (Word) {
        uint256 kept = Word.unwrap(word) & ~(UPDATED_AT | ROUND | uint256(type(uint40).max) << 176);
        return Word.wrap(kept | uint256(attestedAt) << 136 | uint256(validUntil) << 176 | CARRIED);
    }

    /// @notice The same as a round, updated no earlier than `least`.
    function asRound(Word word, uint24 round, uint40 least) internal pure returns (Word) {
        return Word.wrap(Word.unwrap(notBefore(word, least)) | uint256(round) << 216);
    }

    function notBefore(Word word, uint40 least) internal pure returns (Word) {
        if (updatedAtOf(word) >= least) return word;
        return Word.wrap(Word.unwrap(word) & ~UPDATED_AT | uint256(least) << 136);
    }
}

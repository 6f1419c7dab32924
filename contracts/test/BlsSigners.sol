// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {PlainBls} from "./PlainBls.sol";

/// @notice A set of BLS signers whose keys we hold, in the order of the keccak256 of their public keys.
struct BlsSet {
    uint256[] secrets;
    bytes keys; // packed
    uint8 threshold;
}

library BlsSigners {
    /// @notice `count` signers, `threshold` of which must sign. Another `seed` gives other keys.
    function make(uint256 count, uint8 threshold, string memory seed) internal view returns (BlsSet memory set) {
        set.threshold = threshold;
        set.secrets = new uint256[](count);
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 secret = uint256(keccak256(abi.encode(seed, i))) % PlainBls.ORDER;
            bytes32 hash = keccak256(keyOf(secret));
            uint256 place = i;
            for (; place > 0 && hashes[place - 1] > hash; --place) {
                (hashes[place], set.secrets[place]) = (hashes[place - 1], set.secrets[place - 1]);
            }
            (hashes[place], set.secrets[place]) = (hash, secret);
        }
        for (uint256 i = 0; i < count; ++i) {
            set.keys = abi.encodePacked(set.keys, keyOf(set.secrets[i]));
        }
    }

    function keyOf(uint256 secret) internal view returns (bytes memory) {
        return PlainBls.multiply2(PlainBls.GENERATOR, secret);
    }

    /// @notice The key at a place of the set.
    function keyAt(BlsSet memory set, uint256 index) internal pure returns (bytes memory) {
        return PlainBls.slice(set.keys, 192 * index, 192);
    }

    /// @notice Members as a committee stores them: minus the sum of all keys, then the keys.
    function members(BlsSet memory set) internal view returns (bytes memory) {
        return membersOf(set.keys);
    }

    /// @notice The same of any packed keys.
    function membersOf(bytes memory keys) internal view returns (bytes memory) {
        bytes memory sum = new bytes(192);
        for (uint256 i = 0; i < keys.length; i += 192) {
            sum = PlainBls.add2(sum, PlainBls.slice(keys, i, 192));
        }
        return abi.encodePacked(PlainBls.multiply2(sum, PlainBls.ORDER - 1), keys);
    }

    function setHash(BlsSet memory set) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(set.threshold, members(set)));
    }

    /// @notice Proofs of possession of all members, in their order.
    function proofs(BlsSet memory set, bytes32 domain) internal view returns (bytes[] memory all) {
        all = new bytes[](set.secrets.length);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = proofOf(set.secrets[i], domain);
        }
    }

    function proofOf(uint256 secret, bytes32 domain) internal view returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked(domain, keyOf(secret)));
        return signed(secret, PlainBls.PROOF_TAG, digest);
    }

    function sign(uint256 secret, bytes32 digest) internal view returns (bytes memory) {
        return signed(secret, PlainBls.SIGNATURE_TAG, digest);
    }

    function signed(uint256 secret, bytes memory tag, bytes32 digest) internal view returns (bytes memory) {
        return PlainBls.multiply1(PlainBls.hashToG1(abi.encodePacked(digest), tag), secret);
    }

    /// @notice The certificate of the last `threshold` signers.
    function certify(BlsSet memory set, bytes32 digest) internal view returns (bytes memory) {
        return certifyBy(set, digest, ((1 << set.threshold) - 1) << (set.secrets.length - set.threshold));
    }

    /// @notice The certificate of the signers in `bitmap`: the sum of their signatures is one by the sum of their keys.
    function certifyBy(BlsSet memory set, bytes32 digest, uint256 bitmap) internal view returns (bytes memory) {
        uint256 secret = 0;
        for (uint256 i = 0; i < set.secrets.length; ++i) {
            if (bitmap >> i & 1 == 1) secret = addmod(secret, set.secrets[i], PlainBls.ORDER);
        }
        return abi.encodePacked(bitmap, sign(secret, digest));
    }
}

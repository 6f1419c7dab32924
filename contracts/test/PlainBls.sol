// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {QuorumBls} from "../src/common/QuorumBls.sol";

/// @notice What `Bls12381` and `QuorumBls` do, in plain Solidity and from the texts of RFC 9380 and SPEC alone.
/// @dev A refusing precompile burns all its gas, hence the limits. Sums the keys of those who signed instead of subtracting the others, and reduces by the modexp precompile.
library PlainBls {
    bytes internal constant P =
        hex"1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
    bytes internal constant SIGNATURE_TAG = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";
    bytes internal constant PROOF_TAG = "BLS_POP_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";
    bytes internal constant GENERATOR =
        hex"024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb813e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b828010606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be";
    uint256 internal constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    /// @notice What `QuorumBls.verify` must revert with; empty if it must not.
    /// @param keys Packed, without the sum before them.
    function refusal(bytes memory keys, uint256 threshold, bytes32 digest, bytes memory certificate)
        internal
        view
        returns (bytes memory)
    {
        if (certificate.length != 128) {
            return abi.encodeWithSelector(QuorumBls.CertificateLength.selector, certificate.length, 128);
        }
        (uint256 bitmap, uint256 count) = (uint256(bytes32(certificate)), keys.length / 192);
        if (bitmap == 0) return abi.encodeWithSelector(QuorumBls.BitmapEmpty.selector);
        if (bitmap >= 2 ** count) return abi.encodeWithSelector(QuorumBls.BitmapBeyondSet.selector, bitmap, count);
        bytes memory signature = slice(certificate, 32, 96);
        if (isZero(signature)) return abi.encodeWithSelector(QuorumBls.SignatureAtInfinity.selector);
        (bytes memory key, uint256 signers) = (new bytes(192), 0);
        for (uint256 i = 0; i < count; ++i) {
            if (bitmap >> i & 1 == 0) continue;
            key = add2(key, slice(keys, 192 * i, 192));
            ++signers;
        }
        if (signers < threshold) {
            return abi.encodeWithSelector(QuorumBls.TooFewSigners.selector, signers, threshold);
        }
        (bool ok,) = address(0x0b).staticcall{gas: 100_000}(abi.encodePacked(padded(signature), new bytes(128)));
        if (!ok) return abi.encodeWithSelector(QuorumBls.SignatureNotOnCurve.selector);
        (ok,) = address(0x0c).staticcall{gas: 100_000}(abi.encodePacked(padded(signature), uint256(1)));
        if (!ok) return abi.encodeWithSelector(QuorumBls.SignatureNotInSubgroup.selector);
        if (isSigned(key, SIGNATURE_TAG, digest, signature)) return "";
        return abi.encodeWithSelector(QuorumBls.SignatureFalse.selector, digest);
    }

    /// @notice e(signature, generator) = e(hash of the digest, key).
    function isSigned(bytes memory key, bytes memory tag, bytes32 digest, bytes memory signature)
        internal
        view
        returns (bool)
    {
        bytes memory point = hashToG1(abi.encodePacked(digest), tag);
        bytes memory minusKey = multiply2(key, ORDER - 1);
        (bool ok, bytes memory answer) = address(0x0f)
            .staticcall(abi.encodePacked(padded(signature), padded(GENERATOR), padded(point), padded(minusKey)));
        return ok && abi.decode(answer, (uint256)) == 1;
    }

    /// @notice RFC 9380, hash_to_curve of BLS12381G1_XMD:SHA-256_SSWU_RO_, of any message under any tag.
    function hashToG1(bytes memory message, bytes memory tag) internal view returns (bytes memory) {
        bytes memory uniform = expand(message, tag, 128);
        bytes memory one = _answer(0x10, abi.encodePacked(new bytes(16), reduce(slice(uniform, 0, 64))));
        bytes memory two = _answer(0x10, abi.encodePacked(new bytes(16), reduce(slice(uniform, 64, 64))));
        return raw(_answer(0x0b, abi.encodePacked(one, two)));
    }

    /// @notice RFC 9380, 5.3.1.
    function expand(bytes memory message, bytes memory tag, uint16 length)
        internal
        pure
        returns (bytes memory uniform)
    {
        bytes memory tagPrime = abi.encodePacked(tag, uint8(tag.length));
        bytes32 first = sha256(abi.encodePacked(new bytes(64), message, length, uint8(0), tagPrime));
        bytes32 previous = 0;
        for (uint8 i = 1; uniform.length < length; ++i) {
            previous = sha256(abi.encodePacked(first ^ previous, i, tagPrime));
            uniform = abi.encodePacked(uniform, previous);
        }
    }

    /// @notice A number of any length modulo p, in 48 bytes.
    function reduce(bytes memory number) internal view returns (bytes memory) {
        return _answer(0x05, abi.encodePacked(number.length, uint256(1), uint256(48), number, uint8(1), P));
    }

    function multiply1(bytes memory point, uint256 scalar) internal view returns (bytes memory) {
        return raw(_answer(0x0c, abi.encodePacked(padded(point), scalar)));
    }

    function multiply2(bytes memory point, uint256 scalar) internal view returns (bytes memory) {
        return raw(_answer(0x0e, abi.encodePacked(padded(point), scalar)));
    }

    function add1(bytes memory left, bytes memory right) internal view returns (bytes memory) {
        return raw(_answer(0x0b, abi.encodePacked(padded(left), padded(right))));
    }

    function add2(bytes memory left, bytes memory right) internal view returns (bytes memory) {
        return raw(_answer(0x0d, abi.encodePacked(padded(left), padded(right))));
    }

    function isZero(bytes memory data) internal pure returns (bool) {
        return keccak256(data) == keccak256(new bytes(data.length));
    }

    /// @notice Coordinates of 48 bytes to the 64 that precompiles take.
    function padded(bytes memory point) internal pure returns (bytes memory wide) {
        for (uint256 i = 0; i < point.length; i += 48) {
            wide = abi.encodePacked(wide, new bytes(16), slice(point, i, 48));
        }
    }

    /// @notice The reverse of `padded`.
    function raw(bytes memory wide) internal pure returns (bytes memory point) {
        for (uint256 i = 0; i < wide.length; i += 64) {
            point = abi.encodePacked(point, slice(wide, i + 16, 48));
        }
    }

    function slice(bytes memory data, uint256 start, uint256 length) internal pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            part[i] = data[start + i];
        }
    }

    function _answer(uint160 precompile, bytes memory input) private view returns (bytes memory) {
        (bool ok, bytes memory answer) = address(precompile).staticcall(input);
        require(ok && answer.length != 0, "the precompile refused");
        return answer;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Bls12381, Equation} from "./Bls12381.sol";

/// @notice k-of-n BLS over BLS12-381: a bitmap of the signers and the sum of their signatures (SPEC 4.3).
/// @dev Keys are in G2, signatures in G1. The scheme is the proof-of-possession one of draft-irtf-cfrg-bls-signature:
///      sums of keys mean nothing unless every key was proven to be somebody's own (`requireProof`).
///
///      Members: minus the sum of all keys, then the keys, strictly ascending by their keccak256, 192 bytes each. So
///      the key of some signers, negated as the pairing wants it, is the first entry plus the keys of those who are
///      missing, and they are fewer than half.
///      Certificate: bitmap (32 bytes, bit i is the key i), signature (96 bytes).
library QuorumBls {
    uint256 internal constant KEY_BYTES = Bls12381.G2_BYTES;
    uint256 internal constant SIGNATURE_BYTES = Bls12381.G1_BYTES;
    uint256 internal constant CERTIFICATE_BYTES = 32 + SIGNATURE_BYTES;
    /// @dev With one more, a set would not fit into the code of a contract (EIP-170).
    uint256 internal constant MAX_MEMBERS = 126;

    /// @dev What it takes to say what is wrong with a signature that is no point of G1.
    uint256 private constant NAMING_GAS = 10_000;

    /// @dev BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_ and BLS_POP_..., without their common end.
    bytes32 internal constant SIGNATURE_TAG = "BLS_SIG_BLS12381G1_XMD:SHA-256_S";
    bytes32 internal constant PROOF_TAG = "BLS_POP_BLS12381G1_XMD:SHA-256_S";

    /// @dev In the order in which they are looked for.
    enum Fault {
        NONE,
        LENGTH,
        THRESHOLD,
        NOT_ASCENDING,
        NOT_PROVEN,
        SUM
    }

    error CertificateLength(uint256 given, uint256 required);
    error BitmapEmpty();
    error BitmapBeyondSet(uint256 bitmap, uint256 members);
    error TooFewSigners(uint256 given, uint256 required);
    error SignatureLength(uint256 given, uint256 required);
    error SignatureAtInfinity();
    error SignatureNotOnCurve();
    error SignatureNotInSubgroup();
    error SignatureFalse(bytes32 digest);

    error KeyLength(uint256 given, uint256 required);
    error KeyAtInfinity();
    error KeyNotOnCurve();
    error KeyNotInSubgroup();
    error ProofFalse(bytes32 keyHash);

    error MembersLength(uint256 given);
    error ThresholdUnlawful(uint256 threshold, uint256 members);
    /// @notice The member is one that came before, or should have.
    error MemberNotAscending(uint256 index);
    error MemberNotProven(uint256 index);
    error SumFalse();
    error MemberUnknown(uint256 index);

    /// @notice Reverts unless at least `threshold` different members signed `digest`.
    /// @param set Code of the set's store: one STOP byte, then the members.
    function verify(bytes memory set, uint256 threshold, bytes32 digest, bytes calldata certificate) internal view {
        if (certificate.length != CERTIFICATE_BYTES) revert CertificateLength(certificate.length, CERTIFICATE_BYTES);
        (uint256 signers, uint256 first, uint256 second, uint256 third) =
            abi.decode(certificate, (uint256, uint256, uint256, uint256));
        if (signers == 0) revert BitmapEmpty();
        uint256 count = _count(set);
        if (signers >> count != 0) revert BitmapBeyondSet(signers, count);
        if (first | second | third == 0) revert SignatureAtInfinity();
        Equation equation = Bls12381.equationOf(SIGNATURE_TAG, digest);
        equation.putSignature(first, second, third);
        // Entry 0 is minus the sum of all: with those who are missing it is minus the sum of the signers.
        uint256 signing = count + 1 - equation.putKeys(set, 1, (2 << count) - 1 ^ signers << 1);
        if (signing < threshold) revert TooFewSigners(signing, threshold);
        (bool equal, bool answered) = equation.holds();
        if (equal) return;
        if (answered) revert SignatureFalse(digest);
        _refuseSignature(abi.encodePacked(first, second, third));
    }

    /// @notice Reverts unless the member at `index` of packed `members` made the one `signature` over `digest`.
    function verifyMember(bytes memory members, uint256 index, bytes32 digest, bytes memory signature) internal view {
        if (index >= _count(members)) revert MemberUnknown(index);
        if (!_isSigned(SIGNATURE_TAG, digest, members, (index + 1) * KEY_BYTES, signature)) {
            revert SignatureFalse(digest);
        }
    }

    /// @notice Reverts unless `key` is a key and `proof` proves that somebody in the deployment `domain` holds it.
    function requireProof(bytes32 domain, bytes memory key, bytes memory proof) internal view {
        if (key.length != KEY_BYTES) revert KeyLength(key.length, KEY_BYTES);
        if (keccak256(key) == keccak256(new bytes(KEY_BYTES))) revert KeyAtInfinity();
        if (!Bls12381.isOnCurve2(key)) revert KeyNotOnCurve();
        if (!Bls12381.isInSubgroup2(key)) revert KeyNotInSubgroup();
        bytes32 digest = keccak256(abi.encodePacked(domain, key));
        if (!_isSigned(PROOF_TAG, digest, key, 0, proof)) revert ProofFalse(keccak256(key));
    }

    /// @notice Reverts, naming the fault, unless `members` and `threshold` make a set.
    function requireSet(mapping(bytes32 keyHash => bool) storage proven, uint8 threshold, bytes memory members)
        internal
        view
    {
        (Fault fault, uint256 index) = faultOf(proven, threshold, members);
        if (fault == Fault.LENGTH) revert MembersLength(members.length);
        if (fault == Fault.THRESHOLD) revert ThresholdUnlawful(threshold, index);
        if (fault == Fault.NOT_ASCENDING) revert MemberNotAscending(index);
        if (fault == Fault.NOT_PROVEN) revert MemberNotProven(index);
        if (fault == Fault.SUM) revert SumFalse();
    }

    /// @notice What is wrong with a set: its form, a threshold of half or less, a key twice or unproven, the sum.
    ///         With the index of the member at fault; for a threshold, how many members there are.
    function faultOf(mapping(bytes32 keyHash => bool) storage proven, uint8 threshold, bytes memory members)
        internal
        view
        returns (Fault, uint256)
    {
        uint256 count = members.length / KEY_BYTES;
        if (members.length % KEY_BYTES != 0 || count == 0 || count > MAX_MEMBERS + 1) return (Fault.LENGTH, 0);
        --count;
        if (threshold > count || 2 * uint256(threshold) <= count) return (Fault.THRESHOLD, count);
        bytes32 previous = 0;
        for (uint256 i = 0; i < count; ++i) {
            bytes32 keyHash = keccak256(keyAt(members, i));
            if (keyHash <= previous) return (Fault.NOT_ASCENDING, i);
            if (!proven[keyHash]) return (Fault.NOT_PROVEN, i);
            previous = keyHash;
        }
        bytes32 sumHash = keccak256(Bls12381.minusSumOf(members, KEY_BYTES));
        if (sumHash != keccak256(Bls12381.keyAt(members, 0))) return (Fault.SUM, 0);
        return (Fault.NONE, 0);
    }

    /// @notice The same members without the one at `index`, for a set from which somebody is ejected.
    function without(bytes memory members, uint256 index) internal view returns (bytes memory) {
        uint256 count = _count(members);
        if (index >= count) revert MemberUnknown(index);
        if (count == 1) revert MembersLength(0);
        bytes memory keys = new bytes(0);
        for (uint256 i = 0; i < count; ++i) {
            if (i != index) keys = abi.encodePacked(keys, keyAt(members, i));
        }
        return abi.encodePacked(Bls12381.minusSumOf(keys, 0), keys);
    }

    /// @notice The key at `index` of packed `members`.
    function keyAt(bytes memory members, uint256 index) internal pure returns (bytes memory key) {
        return Bls12381.keyAt(members, (index + 1) * KEY_BYTES);
    }

    /// @dev Whether the key in `keys` at `start` made the signature. Reverts if the signature is no point of G1.
    function _isSigned(bytes32 tag, bytes32 digest, bytes memory keys, uint256 start, bytes memory signature)
        private
        view
        returns (bool)
    {
        if (signature.length != SIGNATURE_BYTES) revert SignatureLength(signature.length, SIGNATURE_BYTES);
        (uint256 first, uint256 second, uint256 third) = abi.decode(signature, (uint256, uint256, uint256));
        if (first | second | third == 0) revert SignatureAtInfinity();
        Equation equation = Bls12381.equationOf(tag, digest);
        equation.putSignature(first, second, third);
        equation.putKeys(keys, start, 1);
        equation.negateKey();
        (bool equal, bool answered) = equation.holds();
        if (!answered) _refuseSignature(signature);
        return equal;
    }

    /// @dev Names why the pairing refused its points. Keys were checked when they were proven, so it is the signature.
    ///      A pairing that refuses has burnt all but a 64th of the gas, and so has one that ran out of it.
    function _refuseSignature(bytes memory signature) private view {
        if (gasleft() < NAMING_GAS) revert Bls12381.TooLittleGas();
        if (!Bls12381.isOnCurve1(signature)) revert SignatureNotOnCurve();
        revert SignatureNotInSubgroup();
    }

    /// @dev How many members are packed, or stored behind one byte.
    function _count(bytes memory members) private pure returns (uint256) {
        return members.length / KEY_BYTES - 1;
    }
}

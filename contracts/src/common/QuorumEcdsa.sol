// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice k-of-n ECDSA over secp256k1: signatures in the order of their signers, which is strictly ascending (SPEC 4.2).
/// @dev A signature is EIP-2098 compact: r (32 bytes), then s with the parity of y in its top bit (32 bytes). The plain
///      versions of the assembly are in `test/PlainQuorum.sol`; fuzz tests hold the two equal.
library QuorumEcdsa {
    uint256 internal constant SIGNATURE_BYTES = 64;
    uint256 internal constant MEMBER_BYTES = 20;
    /// @dev Half the order of secp256k1: a signature and its mirror image must not both be valid (EIP-2).
    uint256 internal constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @dev In the order in which they are looked for.
    enum Fault {
        HIGH_S,
        INVALID,
        NOT_ASCENDING,
        NOT_IN_SET
    }

    error SignatureCount(uint256 given, uint256 required);
    error SignatureInvalid(uint256 index);
    error SignatureHighS(uint256 index);
    error SignerNotAscending(address signer);
    error SignerNotInSet(address signer);

    /// @notice Whether `members` are addresses in strictly ascending order, none zero, and more than half must sign.
    function isSet(uint8 threshold, bytes memory members) internal pure returns (bool) {
        uint256 count = members.length / MEMBER_BYTES;
        if (members.length % MEMBER_BYTES != 0 || threshold > count || 2 * uint256(threshold) <= count) return false;
        address previous = address(0);
        for (uint256 i = 0; i < count; ++i) {
            address member;
            assembly ("memory-safe") {
                member := shr(96, mload(add(add(members, 32), mul(i, 20))))
            }
            if (member <= previous) return false;
            previous = member;
        }
        return true;
    }

    /// @notice Reverts unless exactly `threshold` different members signed `digest`.
    /// @param set Code of the set's store: one STOP byte, then the members.
    function verify(bytes memory set, uint256 threshold, bytes32 digest, bytes calldata certificate) internal view {
        if (certificate.length != threshold * SIGNATURE_BYTES) {
            revert SignatureCount(certificate.length / SIGNATURE_BYTES, threshold);
        }
        (uint256 valid, address signer, Fault fault) = _countValid(set, threshold, digest, certificate);
        if (valid == threshold) return;
        if (fault == Fault.HIGH_S) revert SignatureHighS(valid);
        if (fault == Fault.INVALID) revert SignatureInvalid(valid);
        if (fault == Fault.NOT_ASCENDING) revert SignerNotAscending(signer);
        revert SignerNotInSet(signer);
    }

    /// @notice Who made the one `signature`, of the right length, over `digest`.
    function signerOf(bytes32 digest, bytes calldata signature) internal pure returns (address signer) {
        (bytes32 r, uint256 parityAndS) = abi.decode(signature, (bytes32, uint256));
        uint256 s = parityAndS << 1 >> 1;
        if (s > HALF_ORDER) revert SignatureHighS(0);
        signer = ecrecover(digest, uint8(27 + (parityAndS >> 255)), r, bytes32(s));
        if (signer == address(0)) revert SignatureInvalid(0);
    }

    /// @dev Goes through signatures and members side by side, as both ascend, and stops at the first fault.
    /// @return valid How many signatures are valid before it.
    /// @return signer Who made the last one looked at.
    function _countValid(bytes memory set, uint256 threshold, bytes32 digest, bytes calldata certificate)
        private
        view
        returns (uint256 valid, address signer, Fault fault)
    {
        assembly ("memory-safe") {
            let member := add(set, 0x21)
            let end := add(add(set, 0x20), mload(set))
            let signature := certificate.offset
            let input := mload(0x40) // of ecrecover: digest, v, r, s
            mstore(input, digest)
            for { let previous := 0 } lt(valid, threshold) { valid := add(valid, 1) } {
                let parityAndS := calldataload(add(signature, 0x20))
                let s := shr(1, shl(1, parityAndS))
                if gt(s, HALF_ORDER) {
                    fault := 0
                    break
                }
                mstore(add(input, 0x20), add(27, shr(255, parityAndS)))
                mstore(add(input, 0x40), calldataload(signature))
                mstore(add(input, 0x60), s)
                mstore(0x00, 0) // ecrecover returns nothing if it finds nobody, and this is what stands there then
                let done := staticcall(gas(), 1, input, 0x80, 0x00, 0x20)
                signer := mload(0x00)
                if iszero(and(done, gt(signer, 0))) {
                    fault := 1
                    break
                }
                if iszero(gt(signer, previous)) {
                    fault := 2
                    break
                }
                for {} lt(member, end) { member := add(member, 20) } {
                    if eq(shr(96, mload(member)), signer) { break }
                }
                if iszero(lt(member, end)) {
                    fault := 3
                    break
                }
                previous := signer
                signature := add(signature, 0x40)
            }
        }
    }
}

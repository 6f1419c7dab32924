// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {EcdsaCommittee} from "../common/EcdsaCommittee.sol";
import {QuorumEcdsa} from "../common/QuorumEcdsa.sol";
import {IReporters} from "./IReporters.sol";

/// @notice Reporters whose certificates are k ECDSA signatures.
contract EcdsaReporters is EcdsaCommittee, IReporters {
    error MemberUnknown(uint256 index);
    error SignatureForm(uint256 length);
    error SignedByAnother(address signer);

    constructor(
        address governor,
        address guardian,
        address scheduler,
        uint48 activationDelay,
        uint8 threshold,
        bytes memory members
    ) EcdsaCommittee(governor, guardian, scheduler, activationDelay, threshold, members) {}

    /// @inheritdoc IReporters
    function verifyBySet(bytes32 setHash, bytes32 digest, bytes calldata certificate) external view {
        _verifyBySet(setHash, digest, certificate);
    }

    /// @inheritdoc IReporters
    function requireSigned(uint64 epoch, uint256 index, bytes32 digest, bytes calldata signature) external view {
        (,, bytes memory members) = this.setOf(epoch);
        if (signature.length != QuorumEcdsa.SIGNATURE_BYTES) revert SignatureForm(signature.length);
        address signer = QuorumEcdsa.signerOf(digest, signature);
        if (signer != _memberAt(members, index)) revert SignedByAnother(signer);
    }

    /// @inheritdoc IReporters
    function membersWithout(uint64 epoch, uint256 index) external view returns (bytes memory others) {
        (,, bytes memory members) = this.setOf(epoch);
        _memberAt(members, index);
        for (uint256 i = 0; i < members.length / QuorumEcdsa.MEMBER_BYTES; ++i) {
            if (i != index) others = abi.encodePacked(others, _memberAt(members, i));
        }
    }

    function _memberAt(bytes memory members, uint256 index) private pure returns (address member) {
        if (index >= members.length / QuorumEcdsa.MEMBER_BYTES) revert MemberUnknown(index);
        assembly ("memory-safe") {
            member := shr(96, mload(add(add(members, 32), mul(index, 20))))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Committee} from "./Committee.sol";
import {IBlsCommittee} from "./IBlsCommittee.sol";
import {QuorumBls} from "./QuorumBls.sol";

/// @notice A committee whose certificates are one BLS signature. Needs the precompiles of EIP-2537.
contract BlsCommittee is Committee, IBlsCommittee {
    /// @inheritdoc IBlsCommittee
    bytes32 public immutable DOMAIN;

    mapping(bytes32 keyHash => bool) public isProven;

    /// @param proofs One for each of the first members, in their order.
    constructor(
        address governor,
        address guardian,
        address scheduler,
        uint48 activationDelay,
        bytes32 domain,
        uint8 threshold,
        bytes memory members,
        bytes[] memory proofs
    ) Committee(governor, guardian, scheduler, activationDelay, threshold, _proven(domain, members, proofs)) {
        DOMAIN = domain;
    }

    /// @inheritdoc IBlsCommittee
    function prove(bytes calldata key, bytes calldata proof) external {
        _prove(DOMAIN, key, proof);
    }

    /// @inheritdoc IBlsCommittee
    function requireSet(uint8 threshold, bytes calldata members) external view {
        QuorumBls.requireSet(isProven, threshold, members);
    }

    function _isSet(uint8 threshold, bytes memory members) internal view override returns (bool) {
        (QuorumBls.Fault fault,) = QuorumBls.faultOf(isProven, threshold, members);
        return fault == QuorumBls.Fault.NONE;
    }

    function _verifyQuorum(bytes memory set, uint256 threshold, bytes32 digest, bytes calldata certificate)
        internal
        view
        override
    {
        QuorumBls.verify(set, threshold, digest, certificate);
    }

    /// @dev Runs before the constructor of `Committee`, which admits the first set and asks `_isSet`.
    function _proven(bytes32 domain, bytes memory members, bytes[] memory proofs) private returns (bytes memory) {
        if ((proofs.length + 1) * QuorumBls.KEY_BYTES != members.length) {
            revert ProofCount(proofs.length, members.length);
        }
        for (uint256 i = 0; i < proofs.length; ++i) {
            _prove(domain, QuorumBls.keyAt(members, i), proofs[i]);
        }
        return members;
    }

    function _prove(bytes32 domain, bytes memory key, bytes memory proof) private {
        QuorumBls.requireProof(domain, key, proof);
        bytes32 keyHash = keccak256(key);
        isProven[keyHash] = true;
        emit KeyProven(keyHash, key);
    }
}

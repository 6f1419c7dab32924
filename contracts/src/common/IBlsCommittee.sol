// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICommittee} from "./ICommittee.sol";

/// @notice A committee whose certificates are one BLS signature. A key may sign here once somebody has proven that its
///         owner holds it; members and certificates: `QuorumBls`.
interface IBlsCommittee is ICommittee {
    /// @notice `key`, whose keccak256 is `keyHash`, may be a member from now on.
    event KeyProven(bytes32 indexed keyHash, bytes key);

    error ProofCount(uint256 proofs, uint256 membersLength);

    /// @notice Admits a key: checks that it is a point of G2, not infinity, and that `proof` is its owner's signature
    ///         over keccak256(DOMAIN ‖ key) under the tag of proofs. Anyone may; a proven key stays proven.
    /// @param key 192 bytes: x.c0, x.c1, y.c0, y.c1.
    /// @param proof 96 bytes: x, y.
    function prove(bytes calldata key, bytes calldata proof) external;

    /// @notice Reverts, naming the fault, unless `schedule` and `replace` would take these for a set.
    function requireSet(uint8 threshold, bytes calldata members) external view;

    function isProven(bytes32 keyHash) external view returns (bool);

    /// @notice The deployment that proofs name: a proof made for another one is worth nothing here.
    function DOMAIN() external view returns (bytes32);
}

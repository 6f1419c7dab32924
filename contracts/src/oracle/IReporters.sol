// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICommittee} from "../common/ICommittee.sol";

/// @notice A committee whose single members can be held to what they signed.
interface IReporters is ICommittee {
    /// @notice Returns quietly if `certificate` is a quorum of the active set over `digest` and `setHash` names that set;
    ///         reverts with a named error if not.
    function verifyBySet(bytes32 setHash, bytes32 digest, bytes calldata certificate) external view;

    /// @notice Reverts, naming why, unless the member at `index` of the set of `epoch` made `signature` over `digest`.
    function requireSigned(uint64 epoch, uint256 index, bytes32 digest, bytes calldata signature) external view;

    /// @notice The packed members of `epoch` without the one at `index`.
    function membersWithout(uint64 epoch, uint256 index) external view returns (bytes memory);
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BlsCommittee} from "../common/BlsCommittee.sol";
import {QuorumBls} from "../common/QuorumBls.sol";
import {IReporters} from "./IReporters.sol";

/// @notice Reporters whose certificates are one BLS signature.
contract BlsReporters is BlsCommittee, IReporters {
    constructor(
        address governor,
        address guardian,
        address scheduler,
        uint48 activationDelay,
        bytes32 domain,
        uint8 threshold,
        bytes memory members,
        bytes[] memory proofs
    ) BlsCommittee(governor, guardian, scheduler, activationDelay, domain, threshold, members, proofs) {}

    /// @inheritdoc IReporters
    function verifyBySet(bytes32 setHash, bytes32 digest, bytes calldata certificate) external view {
        _verifyBySet(setHash, digest, certificate);
    }

    /// @inheritdoc IReporters
    function requireSigned(uint64 epoch, uint256 index, bytes32 digest, bytes calldata signature) external view {
        (,, bytes memory members) = this.setOf(epoch);
        QuorumBls.verifyMember(members, index, digest, signature);
    }

    /// @inheritdoc IReporters
    function membersWithout(uint64 epoch, uint256 index) external view returns (bytes memory) {
        (,, bytes memory members) = this.setOf(epoch);
        return QuorumBls.without(members, index);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Committee} from "./Committee.sol";
import {QuorumEcdsa} from "./QuorumEcdsa.sol";

/// @notice A committee whose certificates are k ECDSA signatures.
contract EcdsaCommittee is Committee {
    constructor(
        address governor,
        address guardian,
        address scheduler,
        uint48 activationDelay,
        uint8 threshold,
        bytes memory members
    ) Committee(governor, guardian, scheduler, activationDelay, threshold, members) {}

    function _isSet(uint8 threshold, bytes memory members) internal pure override returns (bool) {
        return QuorumEcdsa.isSet(threshold, members);
    }

    function _verifyQuorum(bytes memory set, uint256 threshold, bytes32 digest, bytes calldata certificate)
        internal
        view
        override
    {
        QuorumEcdsa.verify(set, threshold, digest, certificate);
    }
}

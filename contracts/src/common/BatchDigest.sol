// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Batch} from "./Protocol.sol";

/// @notice The EIP-712 digest of a batch and the domain it is signed in (SPEC 3.3).
/// @dev OpenZeppelin's EIP712 needs `mcopy`, which the home ledger does not have.
library BatchDigest {
    bytes32 internal constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)");
    bytes32 internal constant BATCH_TYPE = keccak256(
        "Batch(uint256 sourceChain,address sourceGateway,uint256 destinationChain,address destinationGateway,"
        "uint64 epoch,uint64 firstNonce,uint32 count,bytes32 root,uint64 sourceHeight,bytes32 sourceBlockHash,"
        "uint64 sourceTime)"
    );
    bytes32 internal constant NAME = keccak256("JGB Bridge");
    bytes32 internal constant VERSION = keccak256("1");

    /// @param homeGenesis Hash of the home ledger's block 0: two deployments with the same keys share no digest.
    function domainSeparator(uint256 chain, address gateway, bytes32 homeGenesis) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPE, NAME, VERSION, chain, gateway, homeGenesis));
    }

    function digestOf(bytes32 domain, Batch memory batch) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(BATCH_TYPE, batch))));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Message} from "./Protocol.sol";

/// @notice The leaf of a message (SPEC 2.2).
library Leaves {
    /// @dev Separates leaves from every other hash of this protocol.
    bytes32 internal constant TAG = keccak256("jgb-bridge/message/1");

    /// @notice The id of a transfer: it binds both chains, both gateways and every field of the message.
    /// @dev Hashed twice, so that no inner node of a tree can pass for a leaf.
    function leafOf(
        uint256 sourceChain,
        address sourceGateway,
        uint256 destinationChain,
        address destinationGateway,
        Message memory message
    ) internal pure returns (bytes32) {
        bytes32 inner = keccak256(
            abi.encode(TAG, sourceChain, sourceGateway, destinationChain, destinationGateway, message)
        );
        return keccak256(abi.encode(inner));
    }
}

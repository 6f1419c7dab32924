// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IGateway} from "./IGateway.sol";
import {Leaves} from "./Leaves.sol";
import {Limits, Message} from "./Protocol.sol";

/// @notice The sending half of a gateway: numbers messages, adds up what leaves, keeps every leaf.
abstract contract Outbox is IGateway {
    /// @inheritdoc IGateway
    mapping(uint256 destinationChain => uint64) public nextNonce;
    /// @inheritdoc IGateway
    mapping(uint256 destinationChain => mapping(uint64 nonce => bytes32 leaf)) public outboundLeaf;
    /// @inheritdoc IGateway
    mapping(uint256 destinationChain => mapping(address asset => uint128)) public runningTotal;

    /// @notice The gateway at the other end of the route to `chain`; zero if there is none.
    function _counterpart(uint256 chain) internal view virtual returns (address);

    /// @notice Records and announces one message; its source height is the block it is mined in.
    function _dispatch(
        uint256 destinationChain,
        uint8 kind,
        address asset,
        address sender,
        address recipient,
        uint128 amount,
        bytes memory data
    ) internal returns (bytes32 leaf) {
        if (data.length > Limits.MAX_DATA) revert DataTooLong(data.length, Limits.MAX_DATA);
        address gateway = _counterpart(destinationChain);
        if (gateway == address(0)) revert RouteUnknown(destinationChain);
        uint64 nonce = nextNonce[destinationChain]++;
        uint128 total = runningTotal[destinationChain][asset] += amount;
        Message memory message = Message(kind, nonce, asset, sender, recipient, amount, total, data);
        leaf = Leaves.leafOf(block.chainid, address(this), destinationChain, gateway, message);
        outboundLeaf[destinationChain][nonce] = leaf;
        emit Dispatched(leaf, destinationChain, nonce, message);
    }

    /// @notice What a user may send: a positive multiple of the denomination, and no more than a supply cap can allow.
    function _checkAmount(uint256 amount, uint256 denomination) internal pure returns (uint96) {
        if (amount == 0 || amount > type(uint96).max) revert AmountOutOfRange(amount);
        if (amount % denomination != 0) revert NotMultipleOfDenomination(amount, denomination);
        return uint96(amount);
    }

    function _checkReference(bytes calldata userReference) internal pure {
        if (userReference.length > Limits.MAX_REFERENCE) {
            revert DataTooLong(userReference.length, Limits.MAX_REFERENCE);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CodeStore} from "../common/CodeStore.sol";
import {QuorumEcdsa} from "../common/QuorumEcdsa.sol";

/// @notice One call that the council makes.
struct Action {
    address target;
    bytes data;
}

/// @notice The organisations together: whatever it does, k of n of them have signed. It proposes to a timelock, and has no
///         other way to act on the bridge.
/// @dev One key per organisation, more than half must sign. Whoever submits the signatures is of no matter.
contract Council {
    bytes32 public constant ACTIONS_TYPEHASH = keccak256("Actions(uint256 nonce,bytes32 actionsHash)");

    event SetChanged(uint8 threshold, bytes members);
    event Acted(uint256 indexed nonce, uint256 actions);

    error SetRefused(uint256 members, uint256 threshold);
    error OnlyItself(address caller);
    error ActionFailed(uint256 index, bytes answer);

    address private _store;
    uint8 public threshold;
    /// @notice What the next signatures must name.
    uint256 public nonce;

    constructor(uint8 threshold_, bytes memory members_) {
        _admit(threshold_, members_);
    }

    /// @notice Makes calls in order, all of them or none.
    /// @param certificate EIP-2098 signatures of exactly `threshold` members over `digestOf`, ascending by signer.
    function act(Action[] calldata actions, bytes calldata certificate) external {
        bytes32 digest = digestOf(nonce, actions);
        QuorumEcdsa.verify(_store.code, threshold, digest, certificate);
        emit Acted(nonce++, actions.length);
        for (uint256 i = 0; i < actions.length; ++i) {
            (bool done, bytes memory answer) = actions[i].target.call(actions[i].data);
            if (!done) revert ActionFailed(i, answer);
        }
    }

    /// @notice Replaces the members. Only the council itself.
    function replace(uint8 threshold_, bytes calldata members_) external {
        if (msg.sender != address(this)) revert OnlyItself(msg.sender);
        _admit(threshold_, members_);
    }

    /// @notice Members, 20 bytes each, ascending.
    function members() external view returns (bytes memory) {
        return CodeStore.read(_store);
    }

    /// @notice What members sign: EIP-712, bound to this chain and this contract.
    function digestOf(uint256 nonce_, Action[] calldata actions) public view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("JGB Council"),
                keccak256("1"),
                block.chainid,
                address(this)
            )
        );
        bytes32 content = keccak256(abi.encode(ACTIONS_TYPEHASH, nonce_, keccak256(abi.encode(actions))));
        return keccak256(abi.encodePacked("\x19\x01", domain, content));
    }

    function _admit(uint8 threshold_, bytes memory members_) private {
        if (!QuorumEcdsa.isSet(threshold_, members_)) revert SetRefused(members_.length, threshold_);
        (_store, threshold) = (CodeStore.write(members_), threshold_);
        emit SetChanged(threshold_, members_);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BatchDigest} from "./BatchDigest.sol";
import {Brakes} from "./Brakes.sol";
import {Bounds, FlowLimits, IBrakes, Right} from "./IBrakes.sol";
import {ICommittee} from "./ICommittee.sol";
import {IGateway} from "./IGateway.sol";
import {Batch, Kind, Limits, Message, Reason} from "./Protocol.sol";
import {Roots} from "./Roots.sol";
import {Settlement} from "./Settlement.sol";
import {Inbound, InboundBatch, Route, Wire} from "./Wire.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @notice The receiving half of a gateway: one door for certificates, one bit per nonce, HELD instead of blocking.
/// @dev Only a wrong batch, root or certificate reverts. What is wrong with a message alone is found by explicit
///      checks and HELD; nothing is learned from a failed call, so too little gas reverts everything.
abstract contract Inbox is Settlement {
    /// @inheritdoc IGateway
    ICommittee public immutable COMMITTEE;
    /// @inheritdoc IGateway
    bytes32 public immutable DOMAIN_SEPARATOR;
    /// @inheritdoc IGateway
    uint48 public immutable RETURN_DELAY;
    /// @inheritdoc IGateway
    address public immutable GOVERNOR;

    mapping(uint256 sourceChain => mapping(uint256 word => uint256 bits)) private _consumed;
    mapping(bytes32 leaf => HeldMessage) private _held;

    constructor(ICommittee committee, address governor, bytes32 homeGenesis, Bounds memory bounds) Brakes(bounds) {
        if (address(committee) == address(0) || governor == address(0)) revert ZeroAddress();
        COMMITTEE = committee;
        GOVERNOR = governor;
        RETURN_DELAY = bounds.returnDelay;
        DOMAIN_SEPARATOR = BatchDigest.domainSeparator(block.chainid, address(this), homeGenesis);
    }

    modifier onlyGovernor() {
        _checkGovernor();
        _;
    }

    /// @inheritdoc IGateway
    function deliver(Batch calldata encoded, Message[] calldata messages, bytes calldata certificate) external {
        InboundBatch batch = _verified(encoded, certificate);
        bytes32[] memory leaves = _read(batch, messages);
        bytes32 root = Roots.rootOf(leaves);
        if (root != batch.root()) revert RootMismatch(root, batch.root());
        Run memory run = _newRun(batch.sourceChain(), leaves.length);
        uint256 fresh = _consume(batch.sourceChain(), batch.firstNonce(), leaves.length);
        uint64 epoch = batch.epoch();
        for (uint256 i = 0; i < leaves.length; ++i) {
            if (fresh >> i & 1 == 1) _receive(run, epoch, Wire.placeOf(messages[i]), leaves[i]);
            else _recertify(leaves[i], epoch);
        }
        _close(run);
    }

    /// @inheritdoc IGateway
    function deliverOne(
        Batch calldata encoded,
        Message calldata message,
        bytes32[] calldata proof,
        bytes calldata certificate
    ) external {
        InboundBatch batch = _verified(encoded, certificate);
        (Inbound inbound, bytes32 leaf) = Wire.read(_routeFrom(batch.sourceChain()), message);
        uint64 nonce = inbound.nonce();
        if (nonce < batch.firstNonce() || nonce - batch.firstNonce() >= batch.count()) {
            revert NonceOutOfBatch(nonce, batch.firstNonce());
        }
        if (!MerkleProof.verifyCalldata(proof, batch.root(), leaf)) revert ProofInvalid(leaf, batch.root());
        if (_consume(batch.sourceChain(), nonce, 1) == 0) return _recertify(leaf, batch.epoch());
        Run memory run = _newRun(batch.sourceChain(), 1);
        _receive(run, batch.epoch(), inbound, leaf);
        _close(run);
    }

    /// @inheritdoc IGateway
    function retry(uint256 sourceChain, Message calldata message) external {
        (Inbound inbound, bytes32 leaf, HeldMessage memory waiting) = _unhold(sourceChain, message);
        uint8 reason = waiting.reason;
        if (!Reason.isRetryable(reason) && msg.sender != GOVERNOR) revert Quarantined(leaf, reason);
        Run memory run = _newRun(sourceChain, 1);
        run.isByGovernor = msg.sender == GOVERNOR;
        if (reason == Reason.DELAYED) {
            uint256 opening = _opensAt(sourceChain, inbound.asset(), waiting);
            if (block.timestamp < opening) revert StillDelayed(leaf, opening);
            run.isMature = true;
        }
        reason = _execute(run, inbound, leaf);
        // Large, and held for another reason until now: the time begins in which it can be vetoed.
        if (reason == Reason.DELAYED) return _hold(sourceChain, waiting.epoch, inbound, leaf, reason);
        if (reason != Reason.NONE) revert StillHeld(leaf, reason);
        emit Executed(leaf, sourceChain, inbound.nonce());
        _close(run);
    }

    /// @inheritdoc IGateway
    function sendBack(uint256 sourceChain, Message calldata message) external returns (bytes32 returnLeaf) {
        (Inbound inbound, bytes32 leaf, HeldMessage memory waiting) = _unhold(sourceChain, message);
        (uint8 reason, uint256 opening) = (waiting.reason, uint256(waiting.heldAt) + RETURN_DELAY);
        if (inbound.kind() != Kind.TRANSFER || !Reason.isReturnable(reason)) revert NotReturnable(leaf, reason);
        if (block.timestamp < opening) revert ReturnTooEarly(leaf, opening);
        return _sendBack(sourceChain, inbound, leaf);
    }

    /// @inheritdoc IBrakes
    function veto(uint256 sourceChain, Message calldata message)
        external
        onlyGuardian(Right.VETO)
        returns (bytes32 returnLeaf)
    {
        (Inbound inbound, bytes32 leaf, HeldMessage memory waiting) = _unhold(sourceChain, message);
        if (waiting.reason != Reason.DELAYED) revert NotVetoable(leaf, waiting.reason);
        emit Vetoed(leaf, msg.sender);
        if (_settleUnpaid(sourceChain, inbound)) return _goBack(sourceChain, inbound, leaf);
        // Its source does not cover it now: it may be owed to nobody, and must not be executed when that has changed.
        _hold(sourceChain, waiting.epoch, inbound, leaf, Reason.TOTAL_EXCEEDED);
    }

    /// @inheritdoc IBrakes
    function setFlowLimits(uint256 chain, address asset, FlowLimits calldata limits) external onlyGovernor {
        _setFlowLimits(chain, asset, limits);
    }

    /// @inheritdoc IBrakes
    function setGuardian(address guardian, uint8 rights) external onlyGovernor {
        _setGuardian(guardian, rights);
    }

    /// @inheritdoc IBrakes
    function resume(uint256 chain, address asset, uint8 directions) external onlyGovernor {
        _resume(chain, asset, directions);
    }

    /// @inheritdoc IGateway
    function held(bytes32 leaf) external view returns (uint64 epoch, uint48 heldAt, uint8 reason) {
        HeldMessage memory waiting = _held[leaf];
        return (waiting.epoch, waiting.heldAt, waiting.reason);
    }

    /// @inheritdoc IGateway
    function opensAt(uint256 sourceChain, address asset, bytes32 leaf) external view returns (uint256) {
        return _opensAt(sourceChain, asset, _held[leaf]);
    }

    /// @inheritdoc IGateway
    function isConsumed(uint256 sourceChain, uint64 nonce) external view returns (bool) {
        return _consumed[sourceChain][nonce >> 8] >> (nonce & 0xff) & 1 == 1;
    }

    /// @notice Executes a message, payments in `run`, or returns why it cannot be executed and has changed nothing.
    function _execute(Run memory run, Inbound message, bytes32 leaf) internal virtual returns (uint8 reason);

    /// @dev A function, so that its code exists once.
    function _checkGovernor() private view {
        if (msg.sender != GOVERNOR) revert NotGovernor(msg.sender);
    }

    /// @dev The one verification that every certificate passes.
    function _verified(Batch calldata encoded, bytes calldata certificate) private returns (InboundBatch batch) {
        bytes32 digest;
        (batch, digest) = Wire.readBatch(encoded, DOMAIN_SEPARATOR);
        if (batch.root() == bytes32(0)) revert ZeroRoot();
        address counterpart = _counterpart(batch.sourceChain());
        if (counterpart == address(0) || batch.sourceGateway() != counterpart) {
            revert SourceMismatch(batch.sourceChain(), batch.sourceGateway());
        }
        if (batch.destinationChain() != block.chainid || batch.destinationGateway() != address(this)) {
            revert DestinationMismatch(batch.destinationChain(), batch.destinationGateway());
        }
        COMMITTEE.verify(batch.epoch(), digest, certificate);
        emit Delivered(
            batch.sourceChain(), batch.epoch(), batch.firstNonce(), batch.count(), batch.sourceHeight(), batch.root()
        );
    }

    /// @dev The messages of a batch, whose nonces have no gap, and their leaves.
    function _read(InboundBatch batch, Message[] calldata messages) private view returns (bytes32[] memory leaves) {
        if (messages.length != batch.count() || messages.length > Limits.MAX_BATCH) {
            revert CountMismatch(messages.length, batch.count());
        }
        leaves = new bytes32[](messages.length);
        Route memory route = _routeFrom(batch.sourceChain());
        uint256 first = batch.firstNonce();
        for (uint256 i = 0; i < leaves.length; ++i) {
            (Inbound message, bytes32 leaf) = Wire.read(route, messages[i]);
            if (message.nonce() != first + i) revert NonceOutOfBatch(message.nonce(), uint64(first + i));
            leaves[i] = leaf;
        }
    }

    function _routeFrom(uint256 sourceChain) private view returns (Route memory route) {
        (route.sourceChain, route.sourceGateway) = (sourceChain, _counterpart(sourceChain));
        (route.destinationChain, route.destinationGateway) = (block.chainid, address(this));
    }

    function _receive(Run memory run, uint64 epoch, Inbound message, bytes32 leaf) private {
        uint8 reason = _execute(run, message, leaf);
        if (reason == Reason.NONE) {
            emit Executed(leaf, run.sourceChain, message.nonce());
        } else {
            _hold(run.sourceChain, epoch, message, leaf, reason);
        }
    }

    function _hold(uint256 sourceChain, uint64 epoch, Inbound message, bytes32 leaf, uint8 reason) private {
        uint32 paused = reason == Reason.DELAYED ? _pausedSeconds(sourceChain, message.asset()) : 0;
        _held[leaf] = HeldMessage(epoch, uint48(block.timestamp), reason, paused);
        emit Held(leaf, sourceChain, message.nonce(), epoch, reason);
    }

    /// @dev Consumes `count` nonces from `first` on, at most 256 of them, whose bits may lie in two words.
    /// @return fresh Bit i: nonce `first + i` was not consumed before.
    function _consume(uint256 sourceChain, uint256 first, uint256 count) internal returns (uint256 fresh) {
        mapping(uint256 => uint256) storage words = _consumed[sourceChain];
        unchecked {
            (uint256 word, uint256 place) = (first >> 8, first & 0xff);
            uint256 all = (1 << count) - 1;
            uint256 bits = words[word];
            fresh = all & ~(bits >> place);
            words[word] = bits | all << place;
            if (place + count > 256) {
                bits = words[word + 1];
                fresh &= ~(bits << 256 - place);
                words[word + 1] = bits | all >> 256 - place;
            }
        }
    }

    /// @dev A held leaf of a revoked epoch lives again once the active epoch certifies it too.
    function _recertify(bytes32 leaf, uint64 epoch) private {
        HeldMessage storage waiting = _held[leaf];
        if (waiting.heldAt == 0 || !COMMITTEE.isRevoked(waiting.epoch)) return;
        waiting.epoch = epoch;
        // Nobody could veto it while its epoch was revoked.
        if (waiting.reason == Reason.DELAYED) waiting.heldAt = uint48(block.timestamp);
        emit Recertified(leaf, epoch);
    }

    /// @dev Takes a message of a living epoch out of HELD; what follows executes it, sends it back, or reverts.
    function _unhold(uint256 sourceChain, Message calldata message)
        private
        returns (Inbound inbound, bytes32 leaf, HeldMessage memory waiting)
    {
        (inbound, leaf) = Wire.read(_routeFrom(sourceChain), message);
        waiting = _held[leaf];
        if (waiting.heldAt == 0) revert NotHeld(leaf);
        if (COMMITTEE.isRevoked(waiting.epoch)) revert ICommittee.EpochIsRevoked(waiting.epoch);
        delete _held[leaf];
    }

    /// @dev When a delayed message may be executed. While its asset is paused its clock stands still.
    function _opensAt(uint256 sourceChain, address asset, HeldMessage memory waiting) private view returns (uint256) {
        return uint256(waiting.heldAt) + VETO_DELAY + _pausedSeconds(sourceChain, asset) - waiting.pausedBefore;
    }

    function _sendBack(uint256 sourceChain, Inbound message, bytes32 leaf) private returns (bytes32 returnLeaf) {
        if (!_settleUnpaid(sourceChain, message)) revert NotReturnable(leaf, Reason.TOTAL_EXCEEDED);
        return _goBack(sourceChain, message, leaf);
    }

    function _goBack(uint256 sourceChain, Inbound message, bytes32 leaf) private returns (bytes32 returnLeaf) {
        returnLeaf = _dispatchReturn(sourceChain, message, leaf);
        emit SentBack(leaf, returnLeaf);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CodeStore} from "./CodeStore.sol";
import {ICommittee} from "./ICommittee.sol";

/// @notice Epochs of signer sets: scheduling, veto, replacement, revocation. How a set signs is the heir's matter.
abstract contract Committee is ICommittee {
    /// @dev One slot, so that verification reads the state of the committee at once.
    struct Epoch {
        address store; // members as code, see `CodeStore`
        uint32 number; // zero: no epoch
        uint8 threshold; // zero: revoked
        uint48 until; // UTC seconds at which the pending epoch takes over; zero: no end in sight
    }

    address public immutable GOVERNOR;
    address public immutable GUARDIAN;
    /// @inheritdoc ICommittee
    address public immutable SCHEDULER;
    /// @notice Seconds between the scheduling of a set and its first signature, in which the guardian may veto it.
    uint48 public immutable ACTIVATION_DELAY;

    Epoch private _active;
    Epoch private _pending;
    mapping(uint64 epoch => Epoch) private _known;
    mapping(uint64 epoch => bool) public isRevoked;

    constructor(
        address governor,
        address guardian,
        address scheduler,
        uint48 activationDelay,
        uint8 threshold,
        bytes memory members
    ) {
        if (governor == address(0) || guardian == address(0) || scheduler == address(0)) {
            revert ZeroAddress();
        }
        GOVERNOR = governor;
        GUARDIAN = guardian;
        SCHEDULER = scheduler;
        ACTIVATION_DELAY = activationDelay;
        _active = _admit(1, threshold, members);
        emit EpochReplaced(1, _hashOf(threshold, members), threshold);
    }

    modifier onlyGovernor() {
        if (msg.sender != GOVERNOR) revert NotGovernor(msg.sender);
        _;
    }

    /// @inheritdoc ICommittee
    function verify(uint64 epoch, bytes32 digest, bytes calldata certificate) external view {
        (address store, uint256 number, uint256 threshold) = _currentSet();
        if (epoch != number) revert EpochNotActive(epoch, uint64(number));
        if (threshold == 0) revert EpochIsRevoked(epoch);
        _verifyQuorum(store.code, threshold, digest, certificate);
    }

    /// @inheritdoc ICommittee
    function schedule(bytes32 previousSetHash, uint64 epoch, uint8 threshold, bytes calldata members) external {
        if (msg.sender != SCHEDULER) revert NotScheduler(msg.sender);
        if (!canSchedule(previousSetHash, epoch, threshold, members)) revert RotationRefused(epoch);
        _settle();
        _pending = _admit(uint32(epoch), threshold, members);
        _active.until = uint48(block.timestamp) + ACTIVATION_DELAY;
        emit EpochScheduled(epoch, _hashOf(threshold, members), threshold, _active.until);
    }

    /// @inheritdoc ICommittee
    function veto(uint64 epoch) external {
        if (msg.sender != GUARDIAN) revert NotGuardian(msg.sender);
        _settle();
        if (_pending.number == 0 || _pending.number != epoch) revert NothingPending(epoch);
        _dropPending();
    }

    /// @inheritdoc ICommittee
    function replace(uint8 threshold, bytes calldata members) external onlyGovernor returns (uint64 epoch) {
        _settle();
        _dropPending();
        uint32 number = _active.number + 1;
        _active = _admit(number, threshold, members);
        emit EpochReplaced(number, _hashOf(threshold, members), threshold);
        return number;
    }

    /// @inheritdoc ICommittee
    function revoke(uint64 epoch) external onlyGovernor {
        _settle();
        if (epoch == 0 || epoch > _active.number) revert EpochUnknown(epoch);
        if (epoch == _active.number) {
            _dropPending(); // whom a revoked set has chosen does not follow it
            _active.threshold = 0;
        }
        isRevoked[epoch] = true;
        emit EpochRevoked(epoch);
    }

    /// @inheritdoc ICommittee
    function settle() external {
        _settle();
    }

    /// @inheritdoc ICommittee
    function activeEpoch() external view returns (uint64) {
        return _current().number;
    }

    /// @inheritdoc ICommittee
    function setOf(uint64 epoch) external view returns (bytes32 setHash, uint8 threshold, bytes memory members) {
        Epoch memory known = _known[epoch];
        if (known.store == address(0)) revert EpochUnknown(epoch);
        members = CodeStore.read(known.store);
        return (_hashOf(known.threshold, members), known.threshold, members);
    }

    /// @inheritdoc ICommittee
    function canSchedule(bytes32 previousSetHash, uint64 epoch, uint8 threshold, bytes calldata members)
        public
        view
        returns (bool)
    {
        Epoch memory active = _current();
        return active.until == 0 && epoch == uint64(active.number) + 1 && _hashOfEpoch(active.number) == previousSetHash
            && _isSet(threshold, members);
    }

    /// @notice Whether `members` and `threshold` make a set: known form, no member twice, more than half must sign.
    function _isSet(uint8 threshold, bytes memory members) internal view virtual returns (bool);

    /// @notice Reverts with a named error unless `certificate` is a quorum of the stored set over `digest`.
    /// @param set Code of the set's store: one byte that is not looked at, then the members.
    function _verifyQuorum(bytes memory set, uint256 threshold, bytes32 digest, bytes calldata certificate)
        internal
        view
        virtual;

    function _admit(uint32 number, uint8 threshold, bytes memory members) private returns (Epoch memory epoch) {
        if (!_isSet(threshold, members)) revert SetRefused(members.length, threshold);
        epoch = Epoch(CodeStore.write(members), number, threshold, 0);
        _known[number] = epoch;
    }

    /// @dev `verify` for those who name the set and not its epoch: hashing the members costs less than looking up whose
    ///      they are. The threshold stands in for the STOP that the stored code starts with, and makes the set's preimage.
    function _verifyBySet(bytes32 setHash, bytes32 digest, bytes calldata certificate) internal view {
        (address store, uint256 number, uint256 threshold) = _currentSet();
        if (threshold == 0) revert EpochIsRevoked(uint64(number));
        bytes memory set = store.code;
        bytes32 activeHash;
        assembly ("memory-safe") {
            mstore8(add(set, 32), threshold)
            activeHash := keccak256(add(set, 32), mload(set))
        }
        if (setHash != activeHash) revert SetNotActive(setHash, activeHash);
        _verifyQuorum(set, threshold, digest, certificate);
    }

    /// @dev A pending epoch becomes the active one by time alone: no transaction can be forgotten.
    function _current() private view returns (Epoch memory active) {
        active = _active;
        if (_hasPassed(active.until)) active = _pending;
    }

    /// @dev The same without a copy in memory: what every delivery reads.
    function _currentSet() private view returns (address store, uint256 number, uint256 threshold) {
        uint256 until;
        (store, number, threshold, until) = (_active.store, _active.number, _active.threshold, _active.until);
        if (_hasPassed(until)) (store, number, threshold) = (_pending.store, _pending.number, _pending.threshold);
    }

    function _hasPassed(uint256 until) private view returns (bool) {
        return until != 0 && block.timestamp >= until;
    }

    /// @dev Writes down what time has already decided.
    function _settle() private {
        if (_active.until == 0 || block.timestamp < _active.until) return;
        _active = _pending;
        delete _pending;
    }

    function _dropPending() private {
        uint32 number = _pending.number;
        if (number == 0) return;
        delete _known[number];
        delete _pending;
        _active.until = 0;
        emit EpochVetoed(number);
    }

    function _hashOfEpoch(uint64 epoch) private view returns (bytes32) {
        Epoch memory known = _known[epoch];
        return _hashOf(known.threshold, CodeStore.read(known.store));
    }

    function _hashOf(uint8 threshold, bytes memory members) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(threshold, members));
    }
}

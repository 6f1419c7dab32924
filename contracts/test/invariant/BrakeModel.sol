// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Direction, FlowLimits, IBrakes} from "../../src/common/IBrakes.sol";
import {Kind, Message, Reason} from "../../src/common/Protocol.sol";
import {Bridge} from "../Bridge.sol";
import {Vm} from "../Vm.sol";

/// @notice What limits, delays and pauses may have let through, computed from events by other means than the gateways'.
/// @dev A meter counts units times `FLOW_PERIOD`, so that nothing is rounded. That it never exceeds its limit says: what
///      moves in any time t, less half of what moves the other way, is at most limit * (1 + t / FLOW_PERIOD).
abstract contract BrakeModel is Bridge {
    struct Meter {
        uint256 level; // units times `FLOW_PERIOD`
        uint256 at;
        uint256 limit; // units
    }

    struct Halt {
        uint256 from;
        uint256 until;
        uint256 before; // seconds paused altogether before `from`
    }

    struct Wait {
        uint256 heldAt; // zero: never held
        uint256 pausedBefore;
        bool isDelayed;
    }

    /// @notice Ids of invariants that were seen broken between two looks.
    string public breach;
    mapping(uint8 reason => uint256) public heldFor;
    /// @notice Units that users sent; what gateways send back is not among them.
    mapping(uint256 chain => mapping(uint256 other => mapping(address asset => uint256))) public sentByUsers;

    mapping(bytes32 lane => Meter) private _meters;
    mapping(bytes32 lane => Halt) private _halts;
    mapping(uint256 chain => mapping(uint256 other => mapping(address asset => uint256))) private _delayAbove;
    mapping(bytes32 leaf => Wait) private _waits;

    function _modelLimits(uint256 chain, uint256 other, address asset, FlowLimits memory limits) internal {
        _metered(_lane(chain, other, asset, Direction.INBOUND)).limit = uint256(limits.inbound) * 1e8;
        _metered(_lane(chain, other, asset, Direction.OUTBOUND)).limit = uint256(limits.outbound) * 1e8;
        _delayAbove[chain][other][asset] = uint256(limits.delayAbove) * 1e8;
    }

    /// @dev Something was paid out at `chain` for a message of `other`.
    function _sawInbound(uint256 chain, uint256 other, Message memory message, bytes32 leaf) internal {
        _flowed(chain, other, message.asset, Direction.INBOUND, message.amount);
        Wait memory waited = _waits[leaf];
        bool mustWait = message.kind == Kind.TRANSFER && message.amount > _delayAbove[chain][other][message.asset];
        if (!mustWait && !waited.isDelayed) return;
        uint256 paused = _pausedSeconds(_lane(chain, other, message.asset, Direction.INBOUND)) - waited.pausedBefore;
        if (waited.heldAt == 0 || vm.getBlockTimestamp() < waited.heldAt + VETO_DELAY + paused) {
            breach = "INV-16: executed before its delay was over";
        }
    }

    /// @dev A user sent something from `chain` to `other`.
    function _sawOutbound(uint256 chain, uint256 other, address asset, uint256 amount) internal {
        sentByUsers[chain][other][asset] += amount;
        _flowed(chain, other, asset, Direction.OUTBOUND, amount);
    }

    function _sawHeld(uint256 chain, uint256 other, Message memory message, bytes32 leaf, uint8 reason) internal {
        ++heldFor[reason];
        uint256 paused = _pausedSeconds(_lane(chain, other, message.asset, Direction.INBOUND));
        _waits[leaf] = Wait(vm.getBlockTimestamp(), paused, reason == Reason.DELAYED);
    }

    /// @dev A delay begins anew where nobody could veto before.
    function _sawRecertified(bytes32 leaf) internal {
        if (_waits[leaf].isDelayed) _waits[leaf].heldAt = vm.getBlockTimestamp();
    }

    function _isDelayed(bytes32 leaf) internal view returns (bool) {
        return _waits[leaf].isDelayed;
    }

    function _hearBrakes(Vm.Log memory log, uint256 chain) internal {
        bytes32 kind = log.topics[0];
        if (kind == IBrakes.FlowLimitsSet.selector) {
            FlowLimits memory limits = abi.decode(log.data, (FlowLimits));
            _modelLimits(chain, uint256(log.topics[1]), address(uint160(uint256(log.topics[2]))), limits);
        }
        if (kind != IBrakes.FlowPaused.selector && kind != IBrakes.FlowResumed.selector) return;
        uint256 until = 0;
        uint8 directions;
        if (kind == IBrakes.FlowPaused.selector) (directions, until) = abi.decode(log.data, (uint8, uint256));
        else directions = abi.decode(log.data, (uint8));
        for (uint8 direction = 1; direction <= 2; ++direction) {
            if (directions & direction == 0) continue;
            _halt(_lane(chain, uint256(log.topics[1]), address(uint160(uint256(log.topics[2]))), direction), until);
        }
    }

    /// @dev Until zero: it was resumed.
    function _halt(bytes32 lane, uint256 until) private {
        Halt storage halt = _halts[lane];
        uint256 now_ = vm.getBlockTimestamp();
        if (until == 0 && now_ < halt.until) halt.until = now_;
        if (until > halt.until) _halts[lane] = Halt(now_, until, _pausedSeconds(lane));
    }

    function _flowed(uint256 chain, uint256 other, address asset, uint8 direction, uint256 amount) private {
        bytes32 lane = _lane(chain, other, asset, direction);
        if (vm.getBlockTimestamp() < _halts[lane].until) breach = "INV-15: moved while it was paused";
        Meter storage meter = _metered(lane);
        meter.level += amount * FLOW_PERIOD;
        if (meter.level > meter.limit * FLOW_PERIOD && amount != 0) breach = "INV-14: more than the limit";
        Meter storage back = _metered(_lane(chain, other, asset, direction ^ 3));
        back.level = _less(back.level, amount * FLOW_PERIOD / 2);
    }

    function _metered(bytes32 lane) private returns (Meter storage meter) {
        meter = _meters[lane];
        meter.level = _less(meter.level, (vm.getBlockTimestamp() - meter.at) * meter.limit);
        meter.at = vm.getBlockTimestamp();
    }

    function _pausedSeconds(bytes32 lane) private view returns (uint256) {
        Halt memory halt = _halts[lane];
        uint256 end = vm.getBlockTimestamp() < halt.until ? vm.getBlockTimestamp() : halt.until;
        return halt.before + end - halt.from;
    }

    function _lane(uint256 chain, uint256 other, address asset, uint8 direction) private pure returns (bytes32) {
        return keccak256(abi.encode(chain, other, asset, direction));
    }

    function _less(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : 0;
    }
}

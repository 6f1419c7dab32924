// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Account, Accounts, LimitWord} from "./Accounts.sol";
import {Bounds, Direction, FlowLimits, IBrakes, Right} from "./IBrakes.sol";
import {Outbox} from "./Outbox.sol";

/// @notice Meters per route, asset and direction, that fill with what moves, drain with time, and are drained by half of
///         what moves the other way.
/// @dev What is used is what is stored, so that a change of limits never gives back what was used.
abstract contract Brakes is Outbox {
    /// @dev One slot.
    struct Pause {
        uint32 from;
        uint32 until;
        uint32 before; // seconds paused altogether before `from`
        address by;
    }

    /// @notice Seconds after a pause in which its guardian may not pause again.
    uint256 public constant PAUSE_BREAK = 1 days;

    /// @inheritdoc IBrakes
    uint48 public immutable VETO_DELAY;
    /// @inheritdoc IBrakes
    uint32 public immutable FLOW_PERIOD;
    /// @inheritdoc IBrakes
    uint32 public immutable MAX_PAUSE;
    /// @dev The limits with which an asset begins.
    LimitWord internal immutable _INITIAL_LIMITS;

    mapping(uint256 chain => mapping(address asset => Account)) internal _accounts;
    mapping(uint256 chain => mapping(address asset => mapping(uint8 direction => Pause))) private _pauses;
    /// @inheritdoc IBrakes
    mapping(address guardian => uint8) public rightsOf;

    constructor(Bounds memory bounds) {
        if (bounds.flowPeriod == 0 || bounds.maxPause == 0) revert BoundsInvalid();
        VETO_DELAY = bounds.vetoDelay;
        FLOW_PERIOD = bounds.flowPeriod;
        MAX_PAUSE = bounds.maxPause;
        _INITIAL_LIMITS = _packed(bounds.initial);
        _setGuardian(bounds.watch, Right.PAUSE);
        _setGuardian(bounds.officers, Right.PAUSE | Right.VETO);
    }

    modifier onlyGuardian(uint8 right) {
        _checkGuardian(right);
        _;
    }

    function _limitsOf(uint256 chain, address asset) internal view virtual returns (LimitWord);

    function _storeLimits(uint256 chain, address asset, LimitWord limits) internal virtual;

    /// @inheritdoc IBrakes
    function pause(uint256 chain, address[] calldata assets, uint8 directions, uint32 duration)
        external
        onlyGuardian(Right.PAUSE)
    {
        if (duration > MAX_PAUSE) revert PauseTooLong(duration, MAX_PAUSE);
        bool isAny;
        for (uint256 i = 0; i < assets.length; ++i) {
            uint8 paused = _pause(chain, assets[i], directions & Direction.INBOUND, duration)
                | _pause(chain, assets[i], directions & Direction.OUTBOUND, duration);
            if (paused == 0) continue;
            isAny = true;
            _accounts[chain][assets[i]] = _accounts[chain][assets[i]].withPaused(paused);
            emit FlowPaused(chain, assets[i], paused, block.timestamp + duration, msg.sender);
        }
        if (!isAny) revert PauseNeedsAnother(msg.sender);
    }

    /// @inheritdoc IBrakes
    function preview(uint256 chain, address asset, uint8 direction, uint256 amount)
        external
        view
        returns (uint256 fits, uint256 fitsAt)
    {
        LimitWord limits = _limitsOf(chain, asset);
        (uint256 used, uint256 outUsed) = _used(_accounts[chain][asset], limits);
        uint256 limit = limits.inLimit();
        if (direction == Direction.OUTBOUND) (used, limit) = (outUsed, limits.outLimit());
        uint256 until = pausedUntil(chain, asset, direction);
        if (block.timestamp >= until) fits = Accounts.less(limit, used);
        if (amount > limit || limit == 0) return (fits, 0);
        uint256 over = Accounts.less(used + amount, limit);
        fitsAt = over == 0 ? block.timestamp : block.timestamp + (over * FLOW_PERIOD + limit - 1) / limit;
        if (fitsAt < until) fitsAt = until;
    }

    /// @inheritdoc IBrakes
    function flowLimits(uint256 chain, address asset) external view returns (FlowLimits memory) {
        uint48 word = LimitWord.unwrap(_limitsOf(chain, asset));
        return FlowLimits(uint16(word), uint16(word >> 16), uint16(word >> 32));
    }

    /// @inheritdoc IBrakes
    function pausedUntil(uint256 chain, address asset, uint8 direction) public view returns (uint256) {
        return _pauses[chain][asset][direction].until;
    }

    function _setFlowLimits(uint256 chain, address asset, FlowLimits calldata limits) internal {
        Account account = _accounts[chain][asset];
        (uint256 inUsed, uint256 outUsed) = _used(account, _limitsOf(chain, asset));
        _accounts[chain][asset] = account.withUsed(inUsed, outUsed);
        _storeLimits(chain, asset, _packed(limits));
        emit FlowLimitsSet(chain, asset, limits);
    }

    function _setGuardian(address guardian, uint8 rights) internal {
        rightsOf[guardian] = rights;
        emit GuardianSet(guardian, rights);
    }

    function _resume(uint256 chain, address asset, uint8 directions) internal {
        for (uint8 direction = Direction.INBOUND; direction <= Direction.OUTBOUND; ++direction) {
            Pause storage last = _pauses[chain][asset][direction];
            if (directions & direction != 0 && block.timestamp < last.until) last.until = uint32(block.timestamp);
        }
        emit FlowResumed(chain, asset, directions);
    }

    /// @dev Meters what a user sends, before anything moves. Half of it drains the other direction.
    function _meterOutbound(uint256 chain, address asset, uint256 amount) internal {
        LimitWord limits = _limitsOf(chain, asset);
        Account account = _accounts[chain][asset];
        if (_isPaused(account, chain, asset, Direction.OUTBOUND)) {
            revert OutboundPaused(asset, pausedUntil(chain, asset, Direction.OUTBOUND));
        }
        (uint256 inUsed, uint256 outUsed) = _used(account, limits);
        if (outUsed + amount > limits.outLimit()) {
            revert OutboundLimit(asset, Accounts.less(limits.outLimit(), outUsed));
        }
        _accounts[chain][asset] = account.withUsed(Accounts.less(inUsed, amount >> 1), outUsed + amount);
    }

    function _used(Account account, LimitWord limits) internal view returns (uint256 inUsed, uint256 outUsed) {
        return account.drained(limits.inLimit(), limits.outLimit(), FLOW_PERIOD);
    }

    /// @dev The flag in the account spares a look at the pause itself while there has never been one.
    function _isPaused(Account account, uint256 chain, address asset, uint8 direction) internal view returns (bool) {
        return account.paused() & direction != 0 && block.timestamp < pausedUntil(chain, asset, direction);
    }

    /// @dev Seconds for which an asset's inbound direction was paused until now.
    function _pausedSeconds(uint256 chain, address asset) internal view returns (uint32) {
        return _total(_pauses[chain][asset][Direction.INBOUND]);
    }

    /// @dev A function, so that its code exists once.
    function _checkGuardian(uint8 right) private view {
        if (rightsOf[msg.sender] & right == 0) revert NotPermitted(msg.sender, right);
    }

    /// @dev One asset that needs another guardian keeps no other from being paused.
    /// @return The direction if it is paused for so long now, zero if not.
    function _pause(uint256 chain, address asset, uint8 direction, uint32 duration) private returns (uint8) {
        if (direction == 0) return 0;
        Pause memory last = _pauses[chain][asset][direction];
        if (block.timestamp + duration <= last.until) return direction; // no guardian shortens a pause
        if (msg.sender == last.by && block.timestamp < last.until + PAUSE_BREAK) return 0;
        uint32 now_ = uint32(block.timestamp);
        _pauses[chain][asset][direction] = Pause(now_, now_ + duration, _total(last), msg.sender);
        return direction;
    }

    function _total(Pause memory last) private view returns (uint32) {
        uint32 end = block.timestamp < last.until ? uint32(block.timestamp) : last.until;
        return last.before + (end - last.from);
    }

    function _packed(FlowLimits memory limits) private pure returns (LimitWord) {
        return LimitWord.wrap(uint48(limits.inbound) | uint48(limits.outbound) << 16 | uint48(limits.delayAbove) << 32);
    }
}

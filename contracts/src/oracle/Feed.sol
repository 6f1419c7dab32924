// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorV2V3Interface} from "./AggregatorV2V3Interface.sol";
import {Fixing, Fixings} from "./Fixings.sol";
import {FeedTerms, Freshness, IFeed} from "./IFeed.sol";
import {IRateOracle} from "./IRateOracle.sol";
import {Status} from "./Reports.sol";

/// @notice One series on one chain. Deployed by its oracle with CREATE2, so that the oracle knows its address by the id.
contract Feed is IFeed {
    using Fixings for Fixings.Word;

    /// @notice How late a publication may be before what it would replace is stale, in seconds.
    uint256 public constant GRACE = 1 days;
    uint256 private constant JST = 9 hours;

    struct Hold {
        uint24 date;
        uint16 revision;
        uint16 reason;
    }

    IRateOracle public immutable ORACLE;
    /// @inheritdoc IFeed
    bytes32 public immutable ID;
    /// @inheritdoc IFeed
    bytes32 public immutable GROUP;
    bool public immutable IS_PRICE;
    uint256 public immutable DUE_LAG;
    uint256 public immutable DUE_AT;

    /// @dev First, and alone in its slot: what most readers want is one read away.
    Fixings.Word private _latest;
    mapping(uint256 round => Fixings.Word) private _rounds;
    /// @dev What came for a date that was no longer, or not yet, the latest: by order of arrival.
    mapping(uint32 date => Fixings.Word[]) private _revisions;
    uint32[] private _corrected;
    uint32 private _lastWithout;
    Hold private _hold;

    string private _name;
    /// @inheritdoc IFeed
    string public unit;
    /// @inheritdoc IFeed
    string public dayCount;

    /// @dev Takes no arguments, so that every feed has one creation code.
    constructor() {
        ORACLE = IRateOracle(msg.sender);
        FeedTerms memory terms = IRateOracle(msg.sender).termsOfNewFeed();
        ID = keccak256(bytes(terms.name));
        GROUP = keccak256(bytes(terms.group));
        IS_PRICE = terms.isPrice;
        DUE_LAG = terms.dueLag;
        DUE_AT = terms.dueAt;
        _name = terms.name;
        unit = terms.unit;
        dayCount = terms.dayCount;
    }

    modifier onlyOracle() {
        if (msg.sender != address(ORACLE)) revert NotOracle(msg.sender);
        _;
    }

    // --- What the oracle writes ---

    /// @inheritdoc IFeed
    function record(bytes32 group, Fixings.Word stated) external onlyOracle {
        if (group != GROUP) revert GroupMismatch(group, GROUP);
        (uint24 date, uint8 status) = (stated.dateOf(), stated.statusOf());
        if (status == Status.HOLD) return _declareHold(stated);
        if (status == 0 || status > Status.HOLD) revert StatusUnknown(status);
        if (IS_PRICE && status != Status.NO_FIXING && stated.valueOf() <= 0) revert PriceNotPositive(stated.valueOf());
        Fixings.Word last = _latest;
        Fixings.Word known = _known(date, last);
        if (stated.revisionOf() <= known.revisionOf()) return;
        if (known.revisionOf() != 0) _requireProgress(status, known.statusOf());
        if (status == Status.NO_FIXING || date < last.dateOf()) return _revise(stated, known, last);
        if (Status.isSettled(known.statusOf())) _corrected.push(date);
        _append(stated, last);
    }

    /// @inheritdoc IFeed
    function carry(uint32 date, uint32 revision, int256 value, uint64 attestedAt, uint64 expiresAt)
        external
        onlyOracle
    {
        Fixings.Word last = _requireLatest();
        Fixing memory shown = last.unpack();
        if (shown.date != date || shown.revision != revision || shown.value != value || last.isFollowed()) {
            revert NotLatest(date, revision);
        }
        uint256 most = _nextDueAt(last) + GRACE;
        if (attestedAt + 1 days < most) most = attestedAt + 1 days;
        if (expiresAt > most) revert ExpiryTooFar(expiresAt, uint64(most));
        uint40 validUntil = expiresAt > shown.validUntil ? uint40(expiresAt) : shown.validUntil;
        _append(last.carried(uint40(attestedAt), validUntil), last);
    }

    // --- Reading it like any price feed ---

    /// @inheritdoc AggregatorV2V3Interface
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return _roundData(_requireLatest());
    }

    /// @inheritdoc AggregatorV2V3Interface
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        return _roundData(_round(roundId));
    }

    /// @inheritdoc AggregatorV2V3Interface
    function latestAnswer() external view returns (int256) {
        return _requireLatest().valueOf();
    }

    /// @inheritdoc AggregatorV2V3Interface
    function latestTimestamp() external view returns (uint256) {
        return _requireLatest().updatedAtOf();
    }

    /// @inheritdoc AggregatorV2V3Interface
    function latestRound() external view returns (uint256) {
        return _latest.roundOf();
    }

    /// @inheritdoc AggregatorV2V3Interface
    function getAnswer(uint256 roundId) external view returns (int256) {
        return _round(roundId).valueOf();
    }

    /// @inheritdoc AggregatorV2V3Interface
    function getTimestamp(uint256 roundId) external view returns (uint256) {
        return _round(roundId).updatedAtOf();
    }

    /// @inheritdoc AggregatorV2V3Interface
    function decimals() external pure returns (uint8) {
        return 8;
    }

    /// @inheritdoc AggregatorV2V3Interface
    function description() external view returns (string memory) {
        return _name;
    }

    /// @inheritdoc AggregatorV2V3Interface
    function version() external pure returns (uint256) {
        return 1;
    }

    // --- Reading all of it ---

    /// @inheritdoc IFeed
    function latest() external view returns (Fixing memory) {
        return _requireLatest().unpack();
    }

    /// @inheritdoc IFeed
    function fixingOn(uint32 date) external view returns (Fixing memory known) {
        known = _known(date, _latest).unpack();
        if (known.revision == 0) revert DateUnknown(date);
    }

    /// @inheritdoc IFeed
    function revisionOn(uint32 date) external view returns (uint32) {
        return _revisionOn(date);
    }

    /// @inheritdoc IFeed
    function fixingAsOf(uint32 date, uint40 time) external view returns (Fixing memory found) {
        Fixings.Word[] storage revisions = _revisions[date];
        for (uint256 i = revisions.length; i > 0; --i) {
            found = revisions[i - 1].unpack();
            if (found.updatedAt <= time) break;
            delete found;
        }
        for (uint256 round = _lastRoundOf(date); round > 0; --round) {
            Fixing memory shown = _rounds[round].unpack();
            if (shown.date != date) break;
            if (shown.updatedAt > time || shown.isCarried) continue;
            if (shown.revision > found.revision) found = shown;
            break;
        }
        if (found.revision == 0) revert DateUnknown(date);
    }

    /// @inheritdoc IFeed
    function latestAsOf(uint40 time) external view returns (Fixing memory) {
        (uint256 low, uint256 high) = (0, _latest.roundOf());
        while (low < high) {
            uint256 middle = (low + high + 1) / 2;
            if (_rounds[middle].updatedAtOf() <= time) low = middle;
            else high = middle - 1;
        }
        if (low == 0) revert NoRounds();
        return _rounds[low].unpack();
    }

    /// @inheritdoc IFeed
    function hold() external view returns (uint32 date, uint32 revision, uint16 reason) {
        Hold memory held = _hold;
        if (held.revision <= _known(held.date, _latest).revisionOf()) return (0, 0, 0);
        return (held.date, held.revision, held.reason);
    }

    /// @inheritdoc IFeed
    function freshness() external view returns (Freshness) {
        Fixing memory last = _latest.unpack();
        if (last.round == 0 || block.timestamp > last.validUntil) return Freshness.STALE;
        try this.nextDueAt() returns (uint64 due) {
            if (block.timestamp >= due + GRACE) return Freshness.STALE;
            if (block.timestamp >= due) return Freshness.LATE;
        } catch {
            return Freshness.STALE; // the calendar does not reach
        }
        return block.timestamp < uint256(last.updatedAt) + 1 days ? Freshness.FRESH : Freshness.NOT_DUE_YET;
    }

    /// @inheritdoc IFeed
    function nextDueAt() external view returns (uint64) {
        return uint64(_nextDueAt(_requireLatest()));
    }

    /// @inheritdoc IFeed
    function correctedDate(uint256 index) external view returns (uint32) {
        return _corrected[index];
    }

    /// @inheritdoc IFeed
    function corrections() external view returns (uint256) {
        return _corrected.length;
    }

    /// @inheritdoc IFeed
    function isCarried(uint80 roundId) external view returns (bool) {
        return _round(roundId).unpack().isCarried;
    }

    // --- Writing ---

    /// @dev A day goes from provisional to settled, never back, and a number is never withdrawn in silence.
    function _requireProgress(uint8 status, uint8 known) private pure {
        if (status == Status.PROVISIONAL && Status.isSettled(known)) revert StatusGoesBack(status, known);
        if (status == Status.NO_FIXING && known != Status.NO_FIXING) revert StatusGoesBack(status, known);
    }

    function _append(Fixings.Word fresh, Fixings.Word last) private {
        uint24 round = last.roundOf() + 1;
        fresh = fresh.asRound(round, last.updatedAtOf());
        _latest = fresh;
        _rounds[round] = fresh;
        emit AnswerUpdated(fresh.valueOf(), round, fresh.updatedAtOf());
    }

    function _revise(Fixings.Word fresh, Fixings.Word known, Fixings.Word last) private {
        fresh = fresh.notBefore(known.updatedAtOf());
        uint24 date = fresh.dateOf();
        if (Status.isSettled(known.statusOf())) _corrected.push(date);
        _revisions[date].push(fresh);
        if (date > last.dateOf()) {
            if (date > _lastWithout) _lastWithout = date;
            _latest = last.followed();
        }
        emit DayRevised(date, fresh.statusOf(), fresh.revisionOf(), fresh.valueOf());
    }

    function _declareHold(Fixings.Word stated) private {
        int256 reason = stated.valueOf();
        if (reason <= 0 || reason > int256(uint256(type(uint16).max))) revert ReasonOutOfRange(reason);
        (uint24 date, uint16 revision) = (stated.dateOf(), stated.revisionOf());
        if (revision <= _revisionOn(date)) return;
        _hold = Hold(date, revision, uint16(uint256(reason)));
        emit HoldDeclared(date, revision, reason);
    }

    // --- Reading ---

    function _revisionOn(uint32 date) private view returns (uint32 revision) {
        revision = _known(date, _latest).revisionOf();
        if (_hold.date == date && _hold.revision > revision) revision = _hold.revision;
    }

    /// @dev The newest revision known of a date; zero if nothing is. Nothing is looked up for a new date.
    function _known(uint32 date, Fixings.Word last) private view returns (Fixings.Word known) {
        uint24 lastDate = last.dateOf();
        if (date > lastDate && !last.isFollowed()) return known;
        uint256 count = _revisions[date].length;
        if (count > 0) known = _revisions[date][count - 1];
        if (date > lastDate) return known;
        Fixings.Word shown = date == lastDate ? last : _rounds[_lastRoundOf(date)];
        if (shown.roundOf() > 0 && shown.dateOf() == date && shown.revisionOf() > known.revisionOf()) known = shown;
    }

    /// @dev The last round whose date is not after `date`; zero if there is none.
    function _lastRoundOf(uint32 date) private view returns (uint256 low) {
        uint256 high = _latest.roundOf();
        while (low < high) {
            uint256 middle = (low + high + 1) / 2;
            if (_rounds[middle].dateOf() <= date) low = middle;
            else high = middle - 1;
        }
    }

    /// @dev A provisional number is followed by the final one of its day, a settled day by the next business day.
    function _nextDueAt(Fixings.Word last) private view returns (uint256) {
        bool isFollowed = last.isFollowed();
        uint256 day = isFollowed ? _lastWithout : last.dateOf();
        bool isOpen = !isFollowed && last.statusOf() == Status.PROVISIONAL;
        uint256 published = ORACLE.businessDayAfter(day, DUE_LAG + (isOpen ? 0 : 1));
        return published * 1 days + DUE_AT - JST;
    }

    function _requireLatest() private view returns (Fixings.Word last) {
        last = _latest;
        if (last.roundOf() == 0) revert NoRounds();
    }

    function _round(uint256 roundId) private view returns (Fixings.Word found) {
        found = _rounds[roundId];
        if (found.roundOf() == 0) revert RoundUnknown(roundId);
    }

    function _roundData(Fixings.Word word) private pure returns (uint80, int256, uint256, uint256, uint80) {
        uint24 round = word.roundOf();
        return (round, word.valueOf(), uint256(word.dateOf()) * 1 days - JST, word.updatedAtOf(), round);
    }
}

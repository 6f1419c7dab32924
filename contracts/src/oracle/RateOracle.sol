// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CodeStore} from "../common/CodeStore.sol";
import {Roots} from "../common/Roots.sol";
import {BusinessDays} from "./BusinessDays.sol";
import {Fixings} from "./Fixings.sol";
import {FeedTerms, IFeed} from "./IFeed.sol";
import {IRateOracle, Push, Statement} from "./IRateOracle.sol";
import {IReporters} from "./IReporters.sol";
import {CalendarReport, Entry, Observation, Report, Reports, Rotation, Status, StillLatest} from "./Reports.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @notice The oracle on one chain: certificates in, feeds and calendar out.
contract RateOracle is IRateOracle {
    using BusinessDays for BusinessDays.Year;
    using Fixings for Fixings.Word;
    using Reports for *;

    address public immutable GOVERNOR;
    IReporters public immutable REPORTERS;
    /// @inheritdoc IRateOracle
    bytes32 public immutable ORACLE_ID;
    bytes32 private immutable DOMAIN;
    /// @dev Creation code of `Feed`, kept apart: with it this contract would outgrow EIP-170.
    address private immutable FEED_CODE;
    bytes32 public immutable FEED_CODE_HASH;
    uint256 private constant JST = 9 hours;

    mapping(uint16 year => BusinessDays.Year) private _calendar;
    FeedTerms private _newFeed;

    /// @param reporters A committee whose scheduler is this contract.
    /// @param feedCode Creation code of `Feed`.
    constructor(address governor, IReporters reporters, bytes32 oracleId, bytes memory feedCode) {
        if (governor == address(0)) revert ZeroAddress();
        if (reporters.SCHEDULER() != address(this)) revert SchedulerMismatch(reporters.SCHEDULER());
        GOVERNOR = governor;
        REPORTERS = reporters;
        ORACLE_ID = oracleId;
        DOMAIN = Reports.domainSeparator(oracleId);
        FEED_CODE = CodeStore.write(feedCode);
        FEED_CODE_HASH = keccak256(feedCode);
    }

    /// @inheritdoc IRateOracle
    function createFeed(FeedTerms calldata terms) external returns (IFeed feed) {
        if (msg.sender != GOVERNOR) revert NotGovernor(msg.sender);
        bytes32 id = keccak256(bytes(terms.name));
        if (feedOf(id) != address(0)) revert FeedExists(id);
        _newFeed = terms;
        bytes memory code = CodeStore.read(FEED_CODE);
        assembly ("memory-safe") {
            feed := create2(0, add(code, 32), mload(code), id)
        }
        if (address(feed) == address(0)) revert CodeStore.StoreFailed();
        delete _newFeed;
        emit FeedCreated(id, address(feed), terms.name);
    }

    // --- What reporters certify ---

    /// @inheritdoc IRateOracle
    function push(Report calldata report, Entry[] calldata entries, bytes calldata certificate) external {
        _push(report, entries, certificate);
    }

    /// @inheritdoc IRateOracle
    function pushMany(Push[] calldata pushes) external {
        for (uint256 i = 0; i < pushes.length; ++i) {
            _push(pushes[i].report, pushes[i].entries, pushes[i].certificate);
        }
    }

    /// @inheritdoc IRateOracle
    function pushCalendar(CalendarReport calldata report, bytes calldata certificate) external {
        _verify(report.setHash, DOMAIN.digestOf(report), certificate);
        BusinessDays.Year storage known = _calendar[report.year];
        if (report.version <= known.version && known.version != 0) return; // another publisher was faster
        uint256 length = BusinessDays.lengthOf(report.year);
        if (report.bits0 == 0 || report.version == 0) revert CalendarEmpty(report.year);
        if (report.bits1 >> (length - 256) != 0) revert DaysBeyondYear(report.year);
        if (known.version != 0) _requireSamePast(known, report);
        _calendar[report.year] = BusinessDays.Year(report.bits0, uint128(report.bits1), report.version);
        emit CalendarUpdated(report.year, report.version, report.bits0, report.bits1);
    }

    /// @inheritdoc IRateOracle
    function attestStillLatest(
        StillLatest calldata attestation,
        Observation calldata observation,
        bytes calldata certificate
    ) external {
        bytes32 leaf = observation.leafOf();
        if (leaf != attestation.leaf) revert ProofInvalid(leaf, attestation.leaf);
        if (attestation.attestedAt > block.timestamp) revert AttestationFromTheFuture(attestation.attestedAt);
        if (attestation.expiresAt < block.timestamp) revert Expired(attestation.expiresAt);
        _verify(attestation.setHash, DOMAIN.digestOf(attestation), certificate);
        _requireFeed(observation.feed)
            .carry(
                observation.date, observation.revision, observation.value, attestation.attestedAt, attestation.expiresAt
            );
    }

    /// @inheritdoc IRateOracle
    function rotate(Rotation calldata rotation, bytes calldata members, bytes calldata certificate) external {
        bytes32 given = keccak256(members);
        if (given != rotation.membersHash) revert MembersMismatch(given, rotation.membersHash);
        _verify(rotation.setHash, DOMAIN.digestOf(rotation), certificate);
        REPORTERS.schedule(rotation.setHash, rotation.epoch, rotation.threshold, members);
    }

    /// @inheritdoc IRateOracle
    function proveEquivocation(uint256 index, Statement calldata one, Statement calldata other) external {
        uint64 epoch = REPORTERS.activeEpoch();
        (bytes32 setHash, uint8 threshold,) = REPORTERS.setOf(epoch);
        if (one.report.setHash != setHash || !_isContradiction(one, other)) revert NoEquivocation();
        _requireStated(epoch, index, one);
        _requireStated(epoch, index, other);
        REPORTERS.schedule(setHash, epoch + 1, threshold, REPORTERS.membersWithout(epoch, index));
        emit EquivocationProven(epoch, index, one.entry.feed, one.report.date, one.report.revision);
    }

    // --- What integrators read ---

    /// @inheritdoc IRateOracle
    function verifyObservation(
        Report calldata report,
        Entry calldata entry,
        bytes32[] calldata proof,
        bytes calldata certificate,
        uint8 minStatus
    ) external view returns (Observation memory observation) {
        observation = verifyHistorical(report, entry, proof, certificate);
        if (report.status < minStatus || report.status > Status.CORRECTED) {
            revert StatusTooLow(report.status, minStatus);
        }
        if (entry.validUntil < block.timestamp) revert Expired(entry.validUntil);
        address feed = feedOf(entry.feed);
        uint32 known = feed == address(0) ? 0 : IFeed(feed).revisionOn(report.date);
        if (known > report.revision) revert Superseded(known, report.revision);
    }

    /// @inheritdoc IRateOracle
    function verifyHistorical(
        Report calldata report,
        Entry calldata entry,
        bytes32[] calldata proof,
        bytes calldata certificate
    ) public view returns (Observation memory) {
        _verify(report.setHash, DOMAIN.digestOf(report), certificate);
        _requireProof(report, entry, proof);
        return report.observationOf(entry);
    }

    /// @inheritdoc IRateOracle
    function feedOf(bytes32 feed) public view returns (address found) {
        found = _addressOf(feed);
        if (found.code.length == 0) found = address(0);
    }

    /// @inheritdoc IRateOracle
    function termsOfNewFeed() external view returns (FeedTerms memory) {
        return _newFeed;
    }

    /// @inheritdoc IRateOracle
    function isBusinessDay(uint256 day) public view returns (bool) {
        (uint16 year, uint256 dayOfYear) = BusinessDays.yearOf(day);
        return _isOpen(year, dayOfYear);
    }

    /// @inheritdoc IRateOracle
    function businessDayAfter(uint256 day, uint256 count) external view returns (uint256) {
        (uint16 year, uint256 dayOfYear) = BusinessDays.yearOf(day);
        uint256 length = BusinessDays.lengthOf(year);
        while (count > 0) {
            ++day;
            if (++dayOfYear == length) (length, dayOfYear) = (BusinessDays.lengthOf(++year), 0);
            if (_isOpen(year, dayOfYear)) --count;
        }
        return day;
    }

    /// @inheritdoc IRateOracle
    function calendarOf(uint16 year) external view returns (uint32 version, uint256 bits0, uint256 bits1) {
        BusinessDays.Year storage known = _calendar[year];
        return (known.version, known.bits0, known.bits1);
    }

    // --- Verification ---

    function _push(Report calldata report, Entry[] calldata entries, bytes calldata certificate) private {
        (bytes32 digest, uint256 template) = DOMAIN.readFrom(report);
        _verify(report.setHash, digest, certificate);
        uint256 count = entries.length;
        if (count != report.count) revert EntryCount(count, report.count);
        bytes32[] memory leaves = new bytes32[](count);
        bytes32 previous = 0;
        for (uint256 i = 0; i < count; ++i) {
            Entry calldata entry = entries[i];
            if (entry.feed <= previous) revert FeedsNotAscending(entry.feed);
            previous = entry.feed;
            leaves[i] = template.leafFrom(entry);
        }
        bytes32 root = Roots.rootOf(leaves);
        if (root != report.root) revert RootMismatch(root, report.root);
        _record(report, entries);
    }

    /// @dev Today's calendar decides; only a hold may be about a day that not everybody thinks open.
    function _record(Report calldata report, Entry[] calldata entries) private {
        if (report.status != Status.HOLD && !isBusinessDay(report.date)) revert NotBusinessDay(report.date);
        Fixings.Word common = Fixings.head(report.date, report.status, report.revision);
        bytes32 group = report.group;
        for (uint256 i = 0; i < entries.length; ++i) {
            Entry calldata entry = entries[i];
            uint256 updatedAt = entry.effectiveAt < block.timestamp ? entry.effectiveAt : block.timestamp;
            _requireFeed(entry.feed).record(group, common.make(entry.value, updatedAt, entry.validUntil));
        }
    }

    /// @dev The one place where a certificate counts.
    function _verify(bytes32 setHash, bytes32 digest, bytes calldata certificate) private view {
        REPORTERS.verifyBySet(setHash, digest, certificate);
    }

    function _requireStated(uint64 epoch, uint256 index, Statement calldata statement) private view {
        _requireProof(statement.report, statement.entry, statement.proof);
        REPORTERS.requireSigned(epoch, index, DOMAIN.digestOf(statement.report), statement.signature);
    }

    /// @dev Equal in set, group, feed, date, status and revision, and two values. A hold has none; provenance is no value.
    function _isContradiction(Statement calldata one, Statement calldata other) private pure returns (bool) {
        (Report calldata a, Report calldata b) = (one.report, other.report);
        return a.setHash == b.setHash && a.group == b.group && one.entry.feed == other.entry.feed && a.date == b.date
            && a.status == b.status && a.revision == b.revision && a.status != Status.HOLD
            && one.entry.value != other.entry.value;
    }

    function _requireProof(Report calldata report, Entry calldata entry, bytes32[] calldata proof) private pure {
        bytes32 leaf = report.leafOf(entry);
        if (!MerkleProof.verifyCalldata(proof, report.root, leaf)) revert ProofInvalid(leaf, report.root);
    }

    // --- Feeds and calendar ---

    function _requireFeed(bytes32 feed) private view returns (IFeed) {
        address found = _addressOf(feed);
        if (found.code.length == 0) revert FeedUnknown(feed);
        return IFeed(found);
    }

    /// @dev EIP-1014.
    function _addressOf(bytes32 feed) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(this), feed, FEED_CODE_HASH)))));
    }

    function _isOpen(uint16 year, uint256 dayOfYear) private view returns (bool open) {
        bool known;
        (open, known) = _calendar[year].isOpen(dayOfYear);
        if (!known) revert YearUnknown(year);
    }

    /// @dev Today and what came before it stand for ever: numbers were accepted and judged by them.
    function _requireSamePast(BusinessDays.Year storage known, CalendarReport calldata report) private view {
        uint256 first = BusinessDays.firstOf(report.year);
        uint256 today = (block.timestamp + JST) / 1 days;
        if (today < first) return;
        uint256 days_ = today - first + 1;
        uint256 past0 = days_ >= 256 ? type(uint256).max : (1 << days_) - 1;
        uint256 past1 = days_ <= 256 ? 0 : days_ >= 512 ? type(uint256).max : (1 << (days_ - 256)) - 1;
        if ((known.bits0 ^ report.bits0) & past0 != 0 || (known.bits1 ^ report.bits1) & past1 != 0) {
            revert PastDaysChange(report.year);
        }
    }
}

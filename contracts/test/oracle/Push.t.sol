// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICommittee} from "../../src/common/ICommittee.sol";
import {QuorumEcdsa} from "../../src/common/QuorumEcdsa.sol";
import {Fixings} from "../../src/oracle/Fixings.sol";
import {FeedTerms, IFeed} from "../../src/oracle/IFeed.sol";
import {IRateOracle} from "../../src/oracle/IRateOracle.sol";
import {Entry, Observation, Report, Reports, Status} from "../../src/oracle/Reports.sol";
import {OracleSide} from "../OracleSide.sol";
import {SignerSet, Signers} from "../Signers.sol";
import {Trees} from "../Trees.sol";

/// @notice What a certificate makes the chain know, and which certificates it refuses.
contract PushTest is OracleSide {
    using Signers for SignerSet;
    using Reports for *;

    function setUp() external {
        deployOracle(7, 5);
    }

    // --- Rounds ---

    function test_a_new_date_appends_a_round() external {
        push(MONDAY, Status.FINAL, 47_700_000);
        push(MONDAY + 1, Status.FINAL, -1_000_000);
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) = rate.latestRoundData();
        vm.assertEq(round, 2, "round");
        vm.assertEq(uint256(-answer), 1_000_000, "a negative rate");
        vm.assertEq(startedAt, uint256(MONDAY + 1) * 1 days - 9 hours, "midnight in Japan");
        vm.assertEq(updatedAt, block.timestamp, "never from the future");
        vm.assertEq(answeredIn, 2, "answered in");
        (, answer,,,) = rate.getRoundData(1);
        vm.assertEq(uint256(answer), 47_700_000, "the first round");
    }

    function test_an_old_report_looks_old() external {
        vm.warp(NOON + 400 days);
        push(MONDAY, Status.FINAL, 1);
        (,,, uint256 updatedAt,) = rate.latestRoundData();
        vm.assertEq(updatedAt, dueOf(MONDAY + 1), "updated when it was due");
    }

    function test_the_final_number_of_the_latest_date_appends_a_round() external {
        push(MONDAY, Status.PROVISIONAL, 5);
        push(MONDAY, Status.FINAL, 6);
        vm.assertEq(rate.latestRound(), 2, "rounds");
        vm.assertEq(uint256(rate.getAnswer(1)), 5, "the provisional one is still there");
        vm.assertEq(rate.corrections(), 0, "no correction");
    }

    function test_a_correction_of_an_older_date_appends_no_round_and_is_read_by_date() external {
        push(MONDAY, Status.FINAL, 5);
        push(MONDAY + 1, Status.FINAL, 6);
        vm.warp(NOON + 40 days);
        push(MONDAY, Status.CORRECTED, 7);
        vm.assertEq(rate.latestRound(), 2, "rounds");
        vm.assertEq(uint256(rate.latestAnswer()), 6, "the latest stays");
        vm.assertEq(uint256(rate.getAnswer(1)), 5, "a round never changes");
        vm.assertEq(uint256(int256(rate.fixingOn(MONDAY).value)), 7, "by date");
        vm.assertEq(rate.corrections(), 1, "noted");
        vm.assertEq(rate.correctedDate(0), MONDAY, "its date");
    }

    function test_a_reader_of_the_past_sees_what_was_known_then() external {
        vm.warp(NOON + 2 days);
        push(MONDAY, Status.FINAL, 5);
        uint40 before = uint40(dueOf(MONDAY + 1));
        vm.warp(NOON + 40 days);
        push(MONDAY + 1, Status.FINAL, 6);
        Entry[] memory entries = only(entryOf(rate, MONDAY, 7));
        entries[0].effectiveAt = uint64(NOON + 39 days);
        Report memory report = reportOf(MONDAY, Status.CORRECTED, 2, entries);
        oracle.push(report, entries, certify(report));
        vm.assertEq(uint256(int256(rate.fixingAsOf(MONDAY, before).value)), 5, "then");
        vm.assertEq(uint256(int256(rate.fixingAsOf(MONDAY, uint40(block.timestamp)).value)), 7, "now");
        vm.expectRevert(abi.encodeWithSelector(IFeed.DateUnknown.selector, MONDAY));
        rate.fixingAsOf(MONDAY, before - 1);
        vm.assertEq(rate.latestAsOf(before).round, 1, "the latest round then");
    }

    function test_a_number_pushed_twice_counts_once() external {
        push(MONDAY, Status.FINAL, 1, 5);
        push(MONDAY, Status.FINAL, 1, 5);
        vm.assertEq(rate.latestRound(), 1, "rounds");
    }

    function test_an_unknown_round_never_answers_with_the_latest() external {
        push(MONDAY, Status.FINAL, 5);
        for (uint256 i = 0; i < 2; ++i) {
            uint80 round = i == 0 ? 0 : 2;
            vm.expectRevert(abi.encodeWithSelector(IFeed.RoundUnknown.selector, round));
            rate.getRoundData(round);
            vm.expectRevert(abi.encodeWithSelector(IFeed.RoundUnknown.selector, round));
            rate.getAnswer(round);
            vm.expectRevert(abi.encodeWithSelector(IFeed.RoundUnknown.selector, round));
            rate.getTimestamp(round);
        }
    }

    function test_a_feed_without_rounds_has_no_answer() external {
        vm.expectRevert(IFeed.NoRounds.selector);
        rate.latestRoundData();
    }

    function test_times_of_rounds_never_fall_whatever_comes(uint8[12] calldata moves) external {
        uint256 last = 0;
        uint24 lastDate = 0;
        for (uint32 i = 0; i < moves.length; ++i) {
            vm.warp(NOON + uint256(moves[i]) * 1 hours + i * 1 days);
            uint32 date = MONDAY + moves[i] % 5;
            uint8 status = rate.latestRound() == 0 || moves[i] % 2 == 0 ? Status.FINAL : Status.CORRECTED;
            push(date, status, int256(uint256(moves[i])));
            (,,, uint256 updatedAt,) = rate.latestRoundData();
            vm.assertGe(updatedAt, last, "updatedAt");
            vm.assertGe(rate.latest().date, lastDate, "dates");
            vm.assertEq(uint256(int256(rate.fixingOn(date).value)), moves[i], "by date");
            (last, lastDate) = (updatedAt, rate.latest().date);
        }
    }

    // --- Days without a number, and holds ---

    function test_a_day_without_fixing_is_known_and_no_round() external {
        push(MONDAY, Status.FINAL, 5);
        push(MONDAY + 1, Status.NO_FIXING, 0);
        vm.assertEq(rate.latestRound(), 1, "rounds");
        vm.assertEq(rate.fixingOn(MONDAY + 1).status, Status.NO_FIXING, "status");
        vm.assertEq(rate.nextDueAt(), dueOf(MONDAY + 3), "what is due after it");
        push(MONDAY + 2, Status.FINAL, 6);
        vm.assertEq(rate.latestRound(), 2, "it goes on");
        vm.assertEq(rate.fixingOn(MONDAY + 1).status, Status.NO_FIXING, "still known");
    }

    function test_a_number_is_never_withdrawn_in_silence() external {
        push(MONDAY, Status.FINAL, 5);
        vm.expectPartialRevert(IFeed.StatusGoesBack.selector);
        this.pushFrom(MONDAY, Status.NO_FIXING, 2, 0);
        vm.expectPartialRevert(IFeed.StatusGoesBack.selector);
        this.pushFrom(MONDAY, Status.PROVISIONAL, 2, 0);
    }

    function test_a_hold_is_visible_and_changes_no_number_until_it_is_resolved() external {
        push(MONDAY, Status.FINAL, 5);
        push(MONDAY + 1, Status.HOLD, 2);
        (uint32 date, uint32 revision, uint16 reason) = rate.hold();
        vm.assertEq(date, MONDAY + 1, "date");
        vm.assertEq(revision, 1, "revision");
        vm.assertEq(reason, 2, "reason");
        vm.assertEq(uint256(rate.latestAnswer()), 5, "the number stays");
        vm.warp(dueOf(MONDAY + 2) + 1);
        vm.assertTrue(uint8(rate.freshness()) == 1, "LATE");
        push(MONDAY + 1, Status.FINAL, 6);
        (date,,) = rate.hold();
        vm.assertEq(date, 0, "resolved");
    }

    // --- Refusals ---

    function test_a_weekend_has_no_number() external {
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.NotBusinessDay.selector, MONDAY + 5));
        this.pushFrom(MONDAY + 5, Status.FINAL, 1, 5);
    }

    function test_a_year_beyond_the_calendar_is_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.YearUnknown.selector, 2028));
        this.pushFrom(MONDAY + 2 * 365, Status.FINAL, 1, 5);
    }

    function test_a_price_is_positive() external {
        rate = createFeed("boj/fx/usd-jpy-1700", CALL_RATES, true);
        vm.expectRevert(abi.encodeWithSelector(IFeed.PriceNotPositive.selector, 0));
        this.pushFrom(MONDAY, Status.FINAL, 1, 0);
    }

    function test_a_report_of_another_group_writes_no_feed_of_this_one() external {
        rate = createFeed("mof/jgb-par-yield/10y", "mof/jgb-par-yield", false);
        vm.expectPartialRevert(IFeed.GroupMismatch.selector);
        this.pushFrom(MONDAY, Status.FINAL, 1, 5);
    }

    function test_an_unknown_status_is_refused(uint8 status) external {
        status = uint8(bound(status, 6, 255));
        vm.expectRevert(abi.encodeWithSelector(IFeed.StatusUnknown.selector, status));
        this.pushFrom(MONDAY, status, 1, 5);
    }

    function test_a_certificate_for_another_oracle_is_refused() external {
        (Report memory report, Entry[] memory entries) = _report();
        bytes memory certificate = set.certify(Reports.domainSeparator("another").digestOf(report));
        vm.expectPartialRevert(QuorumEcdsa.SignerNotInSet.selector);
        oracle.push(report, entries, certificate);
    }

    function test_a_certificate_for_another_slot_is_refused() external {
        (Report memory report, Entry[] memory entries) = _report();
        bytes memory certificate = certify(report);
        for (uint256 i = 0; i < 5; ++i) {
            Report memory other = reportOf(MONDAY, Status.FINAL, 1, entries);
            if (i == 0) other.group = keccak256("another");
            if (i == 1) other.date += 1;
            if (i == 2) other.status = Status.CORRECTED;
            if (i == 3) other.revision = 2;
            if (i == 4) other.root = keccak256("another");
            vm.expectPartialRevert(QuorumEcdsa.SignerNotInSet.selector);
            oracle.push(other, entries, certificate);
        }
    }

    function test_a_reporter_counted_twice_is_refused() external {
        (Report memory report, Entry[] memory entries) = _report();
        bytes32 digest = Reports.domainSeparator(ORACLE_ID).digestOf(report);
        bytes memory certificate = abi.encodePacked(set.certifyBy(digest, 0, 4), set.certifyBy(digest, 3, 1));
        vm.expectPartialRevert(QuorumEcdsa.SignerNotAscending.selector);
        oracle.push(report, entries, certificate);
    }

    function test_one_signature_short_is_refused() external {
        (Report memory report, Entry[] memory entries) = _report();
        bytes32 digest = Reports.domainSeparator(ORACLE_ID).digestOf(report);
        vm.expectRevert(abi.encodeWithSelector(QuorumEcdsa.SignatureCount.selector, 4, 5));
        oracle.push(report, entries, set.certifyBy(digest, 0, 4));
    }

    function test_another_set_is_refused() external {
        (Report memory report, Entry[] memory entries) = _report();
        report.setHash = keccak256("another");
        vm.expectRevert(abi.encodeWithSelector(ICommittee.SetNotActive.selector, report.setHash, set.setHash()));
        oracle.push(report, entries, certify(report));
    }

    function test_entries_other_than_those_signed_are_refused(uint8 field) external {
        (Report memory report, Entry[] memory entries) = _report();
        bytes memory certificate = certify(report);
        field %= 6;
        if (field == 0) entries[0].value += 1;
        if (field == 1) entries[0].effectiveAt += 1;
        if (field == 2) entries[0].validUntil += 1;
        if (field == 3) entries[0].sourceHash = 0;
        if (field == 4) entries[0].parserVersion += 1;
        if (field == 5) entries[0].calendarVersion += 1;
        vm.expectPartialRevert(IRateOracle.RootMismatch.selector);
        oracle.push(report, entries, certificate);
    }

    function test_a_report_names_a_feed_once_and_feeds_in_order() external {
        IFeed high = createFeed("boj/overnight-call-rate/high", CALL_RATES, false);
        (IFeed low_, IFeed high_) = rate.ID() < high.ID() ? (rate, high) : (high, rate);
        Entry[] memory entries = new Entry[](2);
        (entries[0], entries[1]) = (entryOf(high_, MONDAY, 5), entryOf(low_, MONDAY, 6));
        Report memory report = reportOf(MONDAY, Status.FINAL, 1, entries);
        bytes memory certificate = certify(report);
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.FeedsNotAscending.selector, low_.ID()));
        oracle.push(report, entries, certificate);
        entries[1] = entries[0];
        report = reportOf(MONDAY, Status.FINAL, 1, entries);
        certificate = certify(report);
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.FeedsNotAscending.selector, high_.ID()));
        oracle.push(report, entries, certificate);
    }

    function test_only_the_oracle_writes_a_feed(address caller) external {
        vm.assume(caller != address(oracle));
        bytes32 group = rate.GROUP();
        vm.expectRevert(abi.encodeWithSelector(IFeed.NotOracle.selector, caller));
        vm.prank(caller);
        rate.record(group, Fixings.head(MONDAY, Status.FINAL, 1));
        vm.expectRevert(abi.encodeWithSelector(IFeed.NotOracle.selector, caller));
        vm.prank(caller);
        rate.carry(MONDAY, 1, 5, 0, 0);
    }

    function test_only_the_governor_creates_feeds() external {
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.NotGovernor.selector, address(this)));
        oracle.createFeed(_terms());
        vm.prank(GOVERNOR);
        oracle.createFeed(_terms());
        vm.prank(GOVERNOR);
        vm.expectPartialRevert(IRateOracle.FeedExists.selector);
        oracle.createFeed(_terms());
    }

    // --- Pull ---

    function test_a_pulled_observation_needs_no_storage() external view {
        (Report memory report, Entry[] memory entries) = _report();
        Observation memory seen =
            oracle.verifyObservation(report, entries[0], new bytes32[](0), certify(report), Status.FINAL);
        vm.assertEq(uint256(seen.value), 5, "value");
        vm.assertEq(seen.date, MONDAY, "date");
    }

    function test_a_pulled_observation_must_be_good_enough_and_valid() external {
        Entry[] memory entries = only(entryOf(rate, MONDAY, 5));
        Report memory report = reportOf(MONDAY, Status.PROVISIONAL, 1, entries);
        bytes memory certificate = certify(report);
        bytes32[] memory none = new bytes32[](0);
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.StatusTooLow.selector, 1, 2));
        oracle.verifyObservation(report, entries[0], none, certificate, Status.FINAL);
        oracle.verifyObservation(report, entries[0], none, certificate, Status.PROVISIONAL);
        vm.warp(uint256(entries[0].validUntil) + 1);
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.Expired.selector, entries[0].validUntil));
        oracle.verifyObservation(report, entries[0], none, certificate, Status.PROVISIONAL);
        oracle.verifyHistorical(report, entries[0], none, certificate);
    }

    function test_a_hold_and_a_day_without_number_are_no_observation_to_pull() external {
        for (uint8 status = Status.NO_FIXING; status <= Status.HOLD; ++status) {
            Entry[] memory entries = only(entryOf(rate, MONDAY, 1));
            Report memory report = reportOf(MONDAY, status, 1, entries);
            vm.expectPartialRevert(IRateOracle.StatusTooLow.selector);
            oracle.verifyObservation(report, entries[0], new bytes32[](0), certify(report), Status.PROVISIONAL);
        }
    }

    function test_what_the_chain_knows_to_be_superseded_is_not_pulled() external {
        (Report memory report, Entry[] memory entries) = _report();
        bytes memory certificate = certify(report);
        push(MONDAY, Status.FINAL, 1, 5);
        oracle.verifyObservation(report, entries[0], new bytes32[](0), certificate, Status.FINAL);
        push(MONDAY, Status.HOLD, 2, 2);
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.Superseded.selector, 2, 1));
        oracle.verifyObservation(report, entries[0], new bytes32[](0), certificate, Status.FINAL);
        oracle.verifyHistorical(report, entries[0], new bytes32[](0), certificate);
    }

    function test_nothing_is_pulled_from_a_revoked_set() external {
        (Report memory report, Entry[] memory entries) = _report();
        bytes memory certificate = certify(report);
        vm.prank(GOVERNOR);
        reporters.revoke(1);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochIsRevoked.selector, 1));
        oracle.verifyHistorical(report, entries[0], new bytes32[](0), certificate);
    }

    function test_every_entry_of_a_report_has_its_proof(uint256 count, uint256 which) external {
        count = bound(count, 2, 15);
        which = bound(which, 0, count - 1);
        Entry[] memory entries = new Entry[](count);
        for (uint256 i = 0; i < count; ++i) {
            entries[i] = entryOf(rate, MONDAY, int256(i));
            entries[i].feed = bytes32(i + 1);
        }
        Report memory report = reportOf(MONDAY, Status.FINAL, 1, entries);
        bytes memory certificate = certify(report);
        bytes32[] memory proof = Trees.proofOf(leavesOf(report, entries), which);
        oracle.verifyObservation(report, entries[which], proof, certificate, Status.FINAL);
        vm.expectPartialRevert(IRateOracle.ProofInvalid.selector);
        oracle.verifyObservation(report, entries[(which + 1) % count], proof, certificate, Status.FINAL);
    }

    function pushFrom(uint32 date, uint8 status, uint32 revision, int256 value) external {
        push(date, status, revision, value);
    }

    function _terms() private pure returns (FeedTerms memory) {
        return FeedTerms("another", "percent per annum", "ACT/365F", CALL_RATES, false, 1, 10 hours);
    }

    function _report() private view returns (Report memory report, Entry[] memory entries) {
        entries = only(entryOf(rate, MONDAY, 5));
        report = reportOf(MONDAY, Status.FINAL, 1, entries);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICommittee} from "../../src/common/ICommittee.sol";
import {QuorumBls} from "../../src/common/QuorumBls.sol";
import {BlsReporters} from "../../src/oracle/BlsReporters.sol";
import {EcdsaReporters} from "../../src/oracle/EcdsaReporters.sol";
import {Feed} from "../../src/oracle/Feed.sol";
import {IRateOracle, Statement} from "../../src/oracle/IRateOracle.sol";
import {RateOracle} from "../../src/oracle/RateOracle.sol";
import {Entry, Report, Reports, Rotation, Status} from "../../src/oracle/Reports.sol";
import {BlsSet, BlsSigners} from "../BlsSigners.sol";
import {OracleSide} from "../OracleSide.sol";
import {SignerSet, Signers} from "../Signers.sol";
import {Trees} from "../Trees.sol";

/// @notice Reporters hand over, and who signs two values for one number is ejected.
contract ReportersTest is OracleSide {
    using BlsSigners for BlsSet;
    using Signers for SignerSet;
    using Reports for *;

    uint256 private constant LIAR = 2;

    function setUp() external {
        deployOracle(5, 3);
    }

    // --- Rotation ---

    function test_reporters_hand_over_after_the_delay() external {
        SignerSet memory next = Signers.make(7, 5, "successors");
        _rotate(next, 2);
        push(MONDAY, Status.FINAL, 5); // the old ones still sign
        vm.warp(block.timestamp + DELAY);
        bytes32 old = set.setHash();
        vm.expectRevert(abi.encodeWithSelector(ICommittee.SetNotActive.selector, old, next.setHash()));
        this.pushFrom(MONDAY + 1, 6);
        set = next;
        push(MONDAY + 1, Status.FINAL, 6);
        vm.assertEq(uint256(rate.latestAnswer()), 6, "the new ones sign");
    }

    function test_successors_are_those_that_were_signed() external {
        SignerSet memory next = Signers.make(7, 5, "successors");
        Rotation memory rotation = _rotationTo(next, 2);
        bytes memory certificate = set.certify(Reports.domainSeparator(ORACLE_ID).digestOf(rotation));
        bytes memory others = Signers.make(7, 5, "others").members();
        vm.expectRevert(
            abi.encodeWithSelector(IRateOracle.MembersMismatch.selector, keccak256(others), keccak256(next.members()))
        );
        oracle.rotate(rotation, others, certificate);
    }

    function test_a_rotation_is_used_once() external {
        SignerSet memory next = Signers.make(7, 5, "successors");
        _rotate(next, 2);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.RotationRefused.selector, 2));
        this.rotateFrom(next, 2);
    }

    function test_only_the_oracle_schedules() external {
        bytes memory members = Signers.make(7, 5, "successors").members();
        vm.expectRevert(abi.encodeWithSelector(ICommittee.NotScheduler.selector, address(this)));
        reporters.schedule(set.setHash(), 2, 5, members);
    }

    function test_an_oracle_needs_reporters_of_its_own() external {
        vm.expectRevert(abi.encodeWithSelector(IRateOracle.SchedulerMismatch.selector, address(oracle)));
        new RateOracle(GOVERNOR, reporters, ORACLE_ID, type(Feed).creationCode);
    }

    // --- Equivocation ---

    function test_who_signs_two_values_is_ejected_and_k_stays() external {
        oracle.proveEquivocation(LIAR, _stated(LIAR, MONDAY, 1, 5), _stated(LIAR, MONDAY, 1, 6));
        vm.warp(block.timestamp + DELAY);
        vm.assertEq(reporters.activeEpoch(), 2, "epoch");
        (, uint8 threshold, bytes memory members) = reporters.setOf(2);
        vm.assertEq(threshold, 3, "k");
        vm.assertEq(members.length, 4 * 20, "one fewer");
        address liar = vm.addr(set.keys[LIAR]);
        for (uint256 i = 0; i < 4; ++i) {
            address member;
            assembly ("memory-safe") {
                member := shr(96, mload(add(add(members, 32), mul(i, 20))))
            }
            vm.assertTrue(member != liar, "ejected");
        }
    }

    function test_what_does_not_contradict_itself_proves_nothing() external {
        Statement memory one = _stated(LIAR, MONDAY, 1, 5);
        _assertNoEquivocation(one, one);
        _assertNoEquivocation(one, _stated(LIAR, MONDAY + 1, 1, 6));
        _assertNoEquivocation(one, _stated(LIAR, MONDAY, 2, 6));
        Statement memory other = _stated(LIAR, MONDAY, 1, 5);
        other = _restated(LIAR, MONDAY, Status.FINAL, 1, 5, 9); // another parser, the same value
        _assertNoEquivocation(one, other);
        _assertNoEquivocation(
            _restated(LIAR, MONDAY, Status.HOLD, 1, 1, 1), _restated(LIAR, MONDAY, Status.HOLD, 1, 2, 1)
        );
        _assertNoEquivocation(one, _restated(LIAR, MONDAY, Status.HOLD, 1, 2, 1));
    }

    function test_the_signatures_of_two_reporters_prove_nothing_against_one() external {
        Statement memory one = _stated(LIAR, MONDAY, 1, 5);
        Statement memory other = _stated(LIAR + 1, MONDAY, 1, 6);
        vm.expectRevert(abi.encodeWithSelector(EcdsaReporters.SignedByAnother.selector, vm.addr(set.keys[LIAR + 1])));
        oracle.proveEquivocation(LIAR, one, other);
    }

    function test_an_entry_that_is_not_in_what_was_signed_proves_nothing() external {
        Statement memory one = _stated(LIAR, MONDAY, 1, 5);
        Statement memory other = _stated(LIAR, MONDAY, 1, 5);
        other.entry.value = 6;
        vm.expectPartialRevert(IRateOracle.ProofInvalid.selector);
        oracle.proveEquivocation(LIAR, one, other);
    }

    function test_statements_to_another_set_prove_nothing() external {
        Statement memory one = _stated(LIAR, MONDAY, 1, 5);
        Statement memory other = _stated(LIAR, MONDAY, 1, 6);
        (one.report.setHash, other.report.setHash) = (bytes32(uint256(1)), bytes32(uint256(1)));
        _assertNoEquivocation(one, other);
    }

    // --- With BLS ---

    function test_a_bls_reporter_is_ejected_too() external {
        BlsSet memory bls = BlsSigners.make(4, 3, "reporters");
        address at = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        reporters = new BlsReporters(
            GOVERNOR, GUARDIAN, at, DELAY, ORACLE_ID, bls.threshold, bls.members(), bls.proofs(ORACLE_ID)
        );
        oracle = new RateOracle(GOVERNOR, reporters, ORACLE_ID, type(Feed).creationCode);
        Statement memory one = _blsStated(bls, 5);
        Statement memory other = _blsStated(bls, 6);
        Statement memory forged = _blsStated(bls, 7);
        forged.signature = other.signature;
        vm.expectPartialRevert(QuorumBls.SignatureFalse.selector);
        oracle.proveEquivocation{gas: 2_000_000}(1, one, forged);
        oracle.proveEquivocation(1, one, other);
        vm.warp(block.timestamp + DELAY);
        (, uint8 threshold, bytes memory members) = reporters.setOf(2);
        vm.assertEq(threshold, 3, "k");
        vm.assertEq(members.length, 4 * 192, "the sum and three keys");
    }

    function pushFrom(uint32 date, int256 value) external {
        push(date, Status.FINAL, 1, value);
    }

    function rotateFrom(SignerSet memory next, uint64 epoch) external {
        _rotate(next, epoch);
    }

    function _rotate(SignerSet memory next, uint64 epoch) private {
        Rotation memory rotation = _rotationTo(next, epoch);
        bytes memory certificate = set.certify(Reports.domainSeparator(ORACLE_ID).digestOf(rotation));
        oracle.rotate(rotation, next.members(), certificate);
    }

    function _rotationTo(SignerSet memory next, uint64 epoch) private view returns (Rotation memory) {
        return Rotation(set.setHash(), epoch, next.threshold, keccak256(next.members()));
    }

    function _assertNoEquivocation(Statement memory one, Statement memory other) private {
        vm.expectRevert(IRateOracle.NoEquivocation.selector);
        oracle.proveEquivocation(LIAR, one, other);
    }

    function _stated(uint256 signer, uint32 date, uint32 revision, int256 value)
        private
        view
        returns (Statement memory)
    {
        return _restated(signer, date, Status.FINAL, revision, value, 1);
    }

    /// @dev Among other entries, so that there is something to prove.
    function _restated(uint256 signer, uint32 date, uint8 status, uint32 revision, int256 value, uint32 parser)
        private
        view
        returns (Statement memory statement)
    {
        Entry[] memory entries = new Entry[](3);
        for (uint256 i = 0; i < 3; ++i) {
            entries[i] = entryOf(rate, date, int256(i));
            entries[i].feed = bytes32(uint256(entries[i].feed) - 1 + i);
        }
        (entries[1].value, entries[1].parserVersion) = (value, parser);
        statement.report = reportOf(date, status, revision, entries);
        statement.entry = entries[1];
        statement.proof = Trees.proofOf(leavesOf(statement.report, entries), 1);
        statement.signature = set.certifyBy(Reports.domainSeparator(ORACLE_ID).digestOf(statement.report), signer, 1);
    }

    function _blsStated(BlsSet memory bls, int256 value) private view returns (Statement memory statement) {
        Entry[] memory entries = only(entryOf(rate, MONDAY, value));
        statement.report = reportOf(MONDAY, Status.FINAL, 1, entries);
        statement.report.setHash = bls.setHash();
        statement.entry = entries[0];
        bytes32 digest = Reports.domainSeparator(ORACLE_ID).digestOf(statement.report);
        statement.signature = BlsSigners.sign(bls.secrets[1], digest);
    }
}

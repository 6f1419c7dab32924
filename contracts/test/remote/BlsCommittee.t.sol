// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BlsCommittee} from "../../src/common/BlsCommittee.sol";
import {IBlsCommittee} from "../../src/common/IBlsCommittee.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {QuorumBls} from "../../src/common/QuorumBls.sol";
import {BlsSet, BlsSigners} from "../BlsSigners.sol";
import {PlainBls} from "../PlainBls.sol";
import {Test} from "../Vm.sol";
import {BlsCaller} from "./BlsVectors.t.sol";

/// @notice Who may be a member: proofs of possession, lawful sets, epochs.
contract BlsCommitteeTest is Test {
    using BlsSigners for BlsSet;

    bytes32 private constant DIGEST = keccak256("digest");
    bytes32 private constant DOMAIN = keccak256("a deployment");
    uint48 private constant ACTIVATION_DELAY = 1 days;
    address private constant GOVERNOR = address(0x60);
    address private constant GUARDIAN = address(0x61);
    address private constant SCHEDULER = address(0x62);

    BlsCommittee private committee;
    BlsSet private first;
    BlsSet private second;

    function setUp() external {
        first = BlsSigners.make(7, 5, "first");
        second = BlsSigners.make(4, 3, "second");
        committee = _deploy(first, first.proofs(DOMAIN));
    }

    // --- The first set ---

    function test_the_first_set_is_active_from_the_start() external view {
        (bytes32 setHash, uint8 threshold, bytes memory members) = committee.setOf(1);
        vm.assertEq(setHash, first.setHash(), "hash");
        vm.assertEq(threshold, 5, "threshold");
        vm.assertEq(members, first.members(), "members");
        committee.verify(1, DIGEST, first.certify(DIGEST));
        for (uint256 i = 0; i < 7; ++i) {
            vm.assertTrue(committee.isProven(keccak256(first.keyAt(i))), "proven");
        }
        vm.assertEq(committee.DOMAIN(), DOMAIN, "domain");
    }

    function test_the_first_set_needs_a_proof_for_each_member() external {
        bytes[] memory proofs = new bytes[](6);
        bytes memory members = first.members();
        vm.expectRevert(abi.encodeWithSelector(IBlsCommittee.ProofCount.selector, 6, 8 * 192));
        new BlsCommittee(GOVERNOR, GUARDIAN, SCHEDULER, ACTIVATION_DELAY, DOMAIN, 5, members, proofs);
        vm.expectRevert(abi.encodeWithSelector(IBlsCommittee.ProofCount.selector, 6, 0));
        new BlsCommittee(GOVERNOR, GUARDIAN, SCHEDULER, ACTIVATION_DELAY, DOMAIN, 5, "", proofs);
        proofs = first.proofs(DOMAIN);
        (proofs[2], proofs[3]) = (proofs[3], proofs[2]);
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.ProofFalse.selector, keccak256(first.keyAt(2))));
        new BlsCommittee(GOVERNOR, GUARDIAN, SCHEDULER, ACTIVATION_DELAY, DOMAIN, 5, members, proofs);
    }

    // --- Proofs of possession ---

    function test_anyone_may_prove_a_key_and_it_stays_proven() external {
        bytes memory key = second.keyAt(0);
        bytes memory proof = BlsSigners.proofOf(second.secrets[0], DOMAIN);
        vm.expectEmit(address(committee));
        emit IBlsCommittee.KeyProven(keccak256(key), key);
        vm.prank(address(0xbeef));
        committee.prove(key, proof);
        committee.prove(key, proof);
        vm.assertTrue(committee.isProven(keccak256(key)), "proven");
    }

    function test_a_proof_for_another_deployment_is_refused(bytes32 other) external {
        vm.assume(other != DOMAIN);
        _assertProofFalse(second.keyAt(0), BlsSigners.proofOf(second.secrets[0], other));
    }

    function test_a_proof_of_another_key_is_refused() external {
        _assertProofFalse(second.keyAt(0), BlsSigners.proofOf(second.secrets[1], DOMAIN));
        bytes32 digest = keccak256(abi.encodePacked(DOMAIN, second.keyAt(0)));
        _assertProofFalse(second.keyAt(0), BlsSigners.signed(second.secrets[1], PlainBls.PROOF_TAG, digest));
    }

    function test_a_signature_as_members_make_them_is_no_proof() external {
        bytes32 digest = keccak256(abi.encodePacked(DOMAIN, second.keyAt(0)));
        _assertProofFalse(second.keyAt(0), BlsSigners.sign(second.secrets[0], digest));
    }

    function test_a_key_at_infinity_is_refused_though_anything_proves_it() external {
        vm.assertTrue(PlainBls.isSigned(new bytes(192), PlainBls.PROOF_TAG, DIGEST, new bytes(96)), "by the pairing");
        vm.expectRevert(QuorumBls.KeyAtInfinity.selector);
        committee.prove(new bytes(192), new bytes(96));
    }

    function test_a_key_and_a_proof_have_their_lengths() external {
        bytes memory key = second.keyAt(0);
        bytes memory proof = BlsSigners.proofOf(second.secrets[0], DOMAIN);
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.KeyLength.selector, 193, 192));
        committee.prove(abi.encodePacked(key, hex"00"), proof);
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.KeyLength.selector, 0, 192));
        committee.prove("", proof);
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.SignatureLength.selector, 97, 96));
        committee.prove(key, abi.encodePacked(proof, hex"00"));
        vm.expectRevert(QuorumBls.SignatureAtInfinity.selector);
        committee.prove(key, new bytes(96));
    }

    function test_no_bit_of_a_key_or_a_proof_may_change(uint256 bit) external {
        bytes memory both = abi.encodePacked(second.keyAt(0), BlsSigners.proofOf(second.secrets[0], DOMAIN));
        bit = bit % (8 * both.length);
        both[bit / 8] ^= bytes1(uint8(1 << bit % 8));
        (bytes memory key, bytes memory proof) = (PlainBls.slice(both, 0, 192), PlainBls.slice(both, 192, 96));
        vm.expectRevert();
        committee.prove{gas: 2_000_000}(key, proof);
        vm.assertFalse(committee.isProven(keccak256(key)), "proven");
    }

    // --- Rogue keys ---

    function test_a_rogue_key_would_sign_for_everybody_if_it_needed_no_proof() external {
        (BlsSet memory honest, uint256 secret, bytes memory rogue) = _rogue();
        bytes memory members = BlsSigners.membersOf(_sorted(honest.keys, rogue));
        // One secret, which nobody else had a part in, makes a certificate of all seven.
        bytes memory certificate = abi.encodePacked(uint256(127), BlsSigners.sign(secret, DIGEST));
        BlsCaller caller = new BlsCaller();
        caller.verify(members, 7, DIGEST, certificate);
    }

    function test_a_rogue_key_has_no_proof_and_so_makes_no_member() external {
        (BlsSet memory honest, uint256 secret, bytes memory rogue) = _rogue();
        bytes32 digest = keccak256(abi.encodePacked(DOMAIN, rogue));
        // What its maker can make: a signature of its one secret, and that minus proofs of the others for themselves.
        bytes memory forged = BlsSigners.signed(secret, PlainBls.PROOF_TAG, digest);
        _assertProofFalse(rogue, forged);
        for (uint256 i = 0; i < 6; ++i) {
            committee.prove(honest.keyAt(i), BlsSigners.proofOf(honest.secrets[i], DOMAIN));
            bytes memory theirs = BlsSigners.proofOf(honest.secrets[i], DOMAIN);
            forged = PlainBls.add1(forged, PlainBls.multiply1(theirs, PlainBls.ORDER - 1));
        }
        _assertProofFalse(rogue, forged);
        bytes memory keys = _sorted(honest.keys, rogue);
        bytes memory members = BlsSigners.membersOf(keys);
        _assertNoSet(7, members, abi.encodeWithSelector(QuorumBls.MemberNotProven.selector, _placeOf(keys, rogue)));
    }

    // --- Lawful sets ---

    function test_a_set_needs_more_than_half_of_its_members(uint8 count, uint8 threshold) external {
        count = uint8(bound(count, 1, 7));
        threshold = uint8(bound(threshold, 0, 9));
        bytes memory members = BlsSigners.membersOf(PlainBls.slice(first.keys, 0, 192 * uint256(count)));
        if (threshold <= count && 2 * uint256(threshold) > count) {
            committee.requireSet(threshold, members);
            vm.prank(GOVERNOR);
            committee.replace(threshold, members);
        } else {
            _assertNoSet(
                threshold, members, abi.encodeWithSelector(QuorumBls.ThresholdUnlawful.selector, threshold, count)
            );
        }
    }

    function test_a_key_without_proof_is_refused_until_it_has_one() external {
        bytes memory members = second.members();
        for (uint256 i = 0; i < 4; ++i) {
            _assertNoSet(3, members, abi.encodeWithSelector(QuorumBls.MemberNotProven.selector, i));
            committee.prove(second.keyAt(i), BlsSigners.proofOf(second.secrets[i], DOMAIN));
        }
        committee.requireSet(3, members);
        vm.prank(GOVERNOR);
        committee.replace(3, members);
        committee.verify(2, DIGEST, second.certify(DIGEST));
    }

    function test_a_member_twice_or_out_of_order_is_refused() external {
        bytes memory keys = abi.encodePacked(first.keyAt(0), first.keyAt(1), first.keyAt(1));
        _assertNoSet(2, BlsSigners.membersOf(keys), abi.encodeWithSelector(QuorumBls.MemberNotAscending.selector, 2));
        keys = abi.encodePacked(first.keyAt(1), first.keyAt(0), first.keyAt(2));
        _assertNoSet(2, BlsSigners.membersOf(keys), abi.encodeWithSelector(QuorumBls.MemberNotAscending.selector, 1));
    }

    function test_members_have_the_length_of_keys() external {
        bytes memory members = first.members();
        _assertNoSet(5, "", abi.encodeWithSelector(QuorumBls.MembersLength.selector, 0));
        _assertNoSet(5, abi.encodePacked(members, hex"00"), _length(8 * 192 + 1));
        _assertNoSet(5, PlainBls.slice(members, 0, 8 * 192 - 1), _length(8 * 192 - 1));
        _assertNoSet(1, PlainBls.slice(members, 0, 192), _threshold(1, 0));
        _assertNoSet(0, PlainBls.slice(members, 0, 192), _threshold(0, 0));
        _assertNoSet(64, new bytes(128 * 192), _length(128 * 192));
        _assertNoSet(64, new bytes(127 * 192), abi.encodeWithSelector(QuorumBls.MemberNotProven.selector, 0));
    }

    function test_the_sum_must_be_right(uint256 bit) external {
        bytes memory members = first.members();
        bit = bit % (8 * 192);
        members[bit / 8] ^= bytes1(uint8(1 << bit % 8));
        _assertNoSet(5, members, abi.encodeWithSelector(QuorumBls.SumFalse.selector));
    }

    function test_a_set_of_126_fits_and_verifies() external {
        BlsSet memory large = BlsSigners.make(126, 84, "large");
        for (uint256 i = 0; i < 126; ++i) {
            committee.prove(large.keyAt(i), BlsSigners.proofOf(large.secrets[i], DOMAIN));
        }
        bytes memory members = large.members();
        vm.prank(GOVERNOR);
        committee.replace(84, members);
        committee.verify(2, DIGEST, large.certify(DIGEST));
        committee.verify(2, DIGEST, large.certifyBy(DIGEST, 2 ** 126 - 1));
    }

    function test_too_little_gas_never_makes_a_lawful_set_unlawful() external {
        (bytes32 setHash,,) = committee.setOf(1);
        bytes memory members = first.members();
        bytes memory call = abi.encodeCall(committee.canSchedule, (setHash, 2, 5, members));
        uint256 answered = 0;
        for (uint256 gas = 1_000; gas < 100_000; gas += 997) {
            (bool done, bytes memory answer) = address(committee).call{gas: gas}(call);
            if (!done) continue;
            ++answered;
            vm.assertTrue(abi.decode(answer, (bool)), "lawful");
        }
        vm.assertTrue(answered > 0 && answered < 99, "some had enough and some had not");
    }

    // --- Epochs ---

    function test_a_certificate_counts_in_its_own_epoch_alone() external {
        _schedule();
        bytes memory certificate = first.certify(DIGEST);
        committee.verify(1, DIGEST, certificate);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochNotActive.selector, 2, 1));
        committee.verify(2, DIGEST, certificate);
        vm.warp(vm.getBlockTimestamp() + ACTIVATION_DELAY);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochNotActive.selector, 1, 2));
        committee.verify(1, DIGEST, certificate);
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.BitmapBeyondSet.selector, 124, 4));
        committee.verify(2, DIGEST, certificate);
        committee.verify(2, DIGEST, second.certify(DIGEST));
    }

    function test_a_revoked_epoch_verifies_nothing() external {
        vm.prank(GOVERNOR);
        committee.revoke(1);
        bytes memory certificate = first.certify(DIGEST);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochIsRevoked.selector, 1));
        committee.verify(1, DIGEST, certificate);
    }

    function _schedule() private {
        for (uint256 i = 0; i < 4; ++i) {
            committee.prove(second.keyAt(i), BlsSigners.proofOf(second.secrets[i], DOMAIN));
        }
        (bytes32 setHash, bytes memory members) = (first.setHash(), second.members());
        vm.prank(SCHEDULER);
        committee.schedule(setHash, 2, 3, members);
    }

    /// @dev Six honest keys, and the key that turns their sum into that of one secret.
    function _rogue() private view returns (BlsSet memory honest, uint256 secret, bytes memory key) {
        honest = BlsSigners.make(6, 6, "honest");
        secret = uint256(keccak256("rogue")) % PlainBls.ORDER;
        bytes memory minusSum = PlainBls.slice(honest.members(), 0, 192);
        key = PlainBls.add2(BlsSigners.keyOf(secret), minusSum);
    }

    /// @dev Sorted keys with one more in its place.
    function _sorted(bytes memory keys, bytes memory key) private pure returns (bytes memory all) {
        bool placed = false;
        for (uint256 i = 0; i < keys.length; i += 192) {
            bytes memory next = PlainBls.slice(keys, i, 192);
            if (!placed && keccak256(key) < keccak256(next)) {
                all = abi.encodePacked(all, key);
                placed = true;
            }
            all = abi.encodePacked(all, next);
        }
        if (!placed) all = abi.encodePacked(all, key);
    }

    function _placeOf(bytes memory keys, bytes memory key) private pure returns (uint256 place) {
        while (keccak256(PlainBls.slice(keys, 192 * place, 192)) != keccak256(key)) ++place;
    }

    function _deploy(BlsSet memory set, bytes[] memory proofs) private returns (BlsCommittee) {
        return
            new BlsCommittee(
                GOVERNOR, GUARDIAN, SCHEDULER, ACTIVATION_DELAY, DOMAIN, set.threshold, set.members(), proofs
            );
    }

    function _assertProofFalse(bytes memory key, bytes memory proof) private {
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.ProofFalse.selector, keccak256(key)));
        committee.prove(key, proof);
        vm.assertFalse(committee.isProven(keccak256(key)), "proven");
    }

    function _assertNoSet(uint8 threshold, bytes memory members, bytes memory expected) private {
        (bytes32 setHash,,) = committee.setOf(1);
        vm.assertFalse(committee.canSchedule(setHash, 2, threshold, members), "can schedule");
        vm.expectRevert(expected);
        committee.requireSet(threshold, members);
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.SetRefused.selector, members.length, threshold));
        committee.replace(threshold, members);
    }

    function _length(uint256 given) private pure returns (bytes memory) {
        return abi.encodeWithSelector(QuorumBls.MembersLength.selector, given);
    }

    function _threshold(uint256 threshold, uint256 count) private pure returns (bytes memory) {
        return abi.encodeWithSelector(QuorumBls.ThresholdUnlawful.selector, threshold, count);
    }
}

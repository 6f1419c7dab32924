// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Bls12381} from "../../src/common/Bls12381.sol";
import {QuorumBls} from "../../src/common/QuorumBls.sol";
import {BlsSet, BlsSigners} from "../BlsSigners.sol";
import {PlainBls} from "../PlainBls.sol";
import {Test} from "../Vm.sol";
import {BlsCaller} from "./BlsVectors.t.sol";

/// @notice Certificates. A refusal of a point burns all the gas of its call, hence the limits on calls.
contract BlsQuorumTest is Test {
    using BlsSigners for BlsSet;

    bytes32 private constant DIGEST = keccak256("digest");
    uint256 private constant ENOUGH = 1_000_000;

    BlsCaller private caller = new BlsCaller();
    BlsSet private set;
    bytes private members;

    function setUp() external {
        set = BlsSigners.make(7, 5, "reporters");
        members = set.members();
    }

    // --- Who signed ---

    function test_exactly_the_bitmaps_with_five_of_seven_are_a_quorum() external {
        for (uint256 bitmap = 0; bitmap < 128; ++bitmap) {
            _assertAsPlain(set.certifyBy(DIGEST, bitmap));
        }
    }

    function test_a_quorum_of_any_set_is_what_the_plain_version_says(uint256 seed) external {
        uint256 count = 1 + seed % 12;
        uint8 threshold = uint8(count / 2 + 1 + (seed >> 8) % (count - count / 2));
        BlsSet memory any = BlsSigners.make(count, threshold, "any");
        bytes memory certificate = any.certifyBy(bytes32(seed), (seed >> 16) % 2 ** count);
        _assertAsPlain(any, bytes32(seed), certificate);
    }

    function test_an_empty_bitmap_is_refused() external {
        _assertRefused(set.certifyBy(DIGEST, 0), abi.encodeWithSelector(QuorumBls.BitmapEmpty.selector));
    }

    function test_a_bit_beyond_the_set_is_refused(uint8 bit) external {
        uint256 bitmap = 31 | 1 << bound(bit, 7, 255);
        bytes memory certificate = abi.encodePacked(bitmap, BlsSigners.sign(1, DIGEST));
        _assertRefused(certificate, abi.encodeWithSelector(QuorumBls.BitmapBeyondSet.selector, bitmap, 7));
    }

    function test_one_signer_short_is_refused() external {
        bytes memory expected = abi.encodeWithSelector(QuorumBls.TooFewSigners.selector, 4, 5);
        _assertRefused(set.certifyBy(DIGEST, 15), expected);
        _assertRefused(set.certifyBy(DIGEST, 120), expected);
    }

    function test_a_reporter_counted_twice_is_refused() external {
        // Four signers, one of whom stands for two: no bitmap says so.
        bytes memory four = PlainBls.slice(set.certifyBy(DIGEST, 15), 32, 96);
        bytes memory twice = PlainBls.add1(four, BlsSigners.sign(set.secrets[3], DIGEST));
        for (uint256 bit = 4; bit < 7; ++bit) {
            _assertFalse(abi.encodePacked(15 | 1 << bit, twice), DIGEST);
        }
        _assertRefused(
            abi.encodePacked(uint256(15), twice), abi.encodeWithSelector(QuorumBls.TooFewSigners.selector, 4, 5)
        );
    }

    function test_signers_the_bitmap_does_not_name_do_not_count() external {
        bytes memory seven = PlainBls.slice(set.certifyBy(DIGEST, 127), 32, 96);
        for (uint256 bitmap = 1; bitmap < 127; ++bitmap) {
            _assertAsPlain(abi.encodePacked(bitmap, seven));
        }
    }

    function test_a_stranger_among_the_signers_is_refused(uint256 secret) external {
        secret = bound(secret, 1, PlainBls.ORDER - 1);
        vm.assume(secret != set.secrets[4]);
        bytes memory four = PlainBls.slice(set.certifyBy(DIGEST, 15), 32, 96);
        _assertFalse(abi.encodePacked(uint256(31), PlainBls.add1(four, BlsSigners.sign(secret, DIGEST))), DIGEST);
    }

    // --- What they signed ---

    function test_a_certificate_for_another_digest_is_refused(bytes32 other) external {
        vm.assume(other != DIGEST);
        bytes memory certificate = set.certify(DIGEST);
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.SignatureFalse.selector, other));
        caller.verify{gas: ENOUGH}(members, 5, other, certificate);
    }

    function test_a_proof_of_possession_is_no_signature_and_the_reverse() external {
        bytes32 domain = keccak256("a deployment");
        bytes memory key = set.keyAt(0);
        bytes32 digest = keccak256(abi.encodePacked(domain, key));
        bytes memory proof = BlsSigners.proofOf(set.secrets[0], domain);
        bytes memory signature = BlsSigners.sign(set.secrets[0], digest);
        caller.verifyMember(members, 0, digest, signature);
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.SignatureFalse.selector, digest));
        caller.verifyMember(members, 0, digest, proof);
        caller.requireProof(domain, key, proof);
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.ProofFalse.selector, keccak256(key)));
        caller.requireProof(domain, key, signature);
    }

    function test_a_certificate_of_another_set_is_refused() external {
        BlsSet memory other = BlsSigners.make(7, 5, "others");
        _assertFalse(other.certify(DIGEST), DIGEST);
    }

    // --- Form ---

    function test_only_128_bytes_are_a_certificate(uint8 length) external {
        vm.assume(length != 128);
        bytes memory certificate = PlainBls.slice(abi.encodePacked(set.certify(DIGEST), new bytes(127)), 0, length);
        _assertRefused(certificate, abi.encodeWithSelector(QuorumBls.CertificateLength.selector, length, 128));
    }

    function test_no_byte_of_a_certificate_may_change() external {
        bytes memory certificate = set.certify(DIGEST);
        for (uint256 i = 0; i < 128; ++i) {
            bytes memory changed = abi.encodePacked(certificate);
            changed[i] ^= bytes1(uint8(1 << i % 8));
            _assertRefusedAsPlain(changed);
        }
    }

    function test_no_bit_of_a_certificate_may_change(uint256 bit) external {
        bytes memory certificate = set.certify(DIGEST);
        bit = bit % 1024;
        certificate[bit / 8] ^= bytes1(uint8(1 << bit % 8));
        _assertRefusedAsPlain(certificate);
    }

    function test_the_mirror_image_of_a_signature_is_refused() external {
        bytes memory signature = PlainBls.slice(set.certify(DIGEST), 32, 96);
        bytes memory mirrored = PlainBls.multiply1(signature, PlainBls.ORDER - 1);
        _assertFalse(abi.encodePacked(uint256(124), mirrored), DIGEST);
    }

    function test_a_signature_at_infinity_is_refused_even_of_keys_that_cancel_out() external {
        BlsSet memory pair = BlsSigners.make(2, 2, "pair");
        pair.keys =
            abi.encodePacked(BlsSigners.keyOf(pair.secrets[0]), BlsSigners.keyOf(PlainBls.ORDER - pair.secrets[0]));
        bytes memory infinity = new bytes(96);
        vm.assertTrue(
            PlainBls.isSigned(new bytes(192), PlainBls.SIGNATURE_TAG, DIGEST, infinity), "the pairing says yes"
        );
        bytes memory cancelling = pair.members();
        vm.expectRevert(QuorumBls.SignatureAtInfinity.selector);
        caller.verify(cancelling, 2, DIGEST, abi.encodePacked(uint256(3), infinity));
    }

    // --- Precompiles ---

    function test_a_true_certificate_before_it_does_not_make_a_false_one_pass() external {
        caller.verify(members, 5, DIGEST, set.certify(DIGEST));
        _assertFalse(set.certify(~DIGEST), DIGEST);
        caller.verify(members, 5, DIGEST, set.certify(DIGEST));
    }

    function test_a_chain_without_the_precompiles_accepts_nothing() external {
        bytes memory certificate = set.certify(DIGEST);
        vm.mockCall(address(0x0f), "", "");
        _assertRefused(certificate, abi.encodeWithSelector(QuorumBls.SignatureFalse.selector, DIGEST));
    }

    function test_too_little_gas_never_looks_like_a_bad_certificate() external {
        bytes memory certificate = set.certify(DIGEST);
        bytes memory call = abi.encodeCall(caller.verify, (members, 5, DIGEST, certificate));
        uint256 accepted = 0;
        for (uint256 gas = 1_000; gas < 200_000; gas += 997) {
            (bool done, bytes memory answer) = address(caller).call{gas: gas}(call);
            if (done) ++accepted;
            else vm.assertTrue(answer.length == 0 || bytes4(answer) == Bls12381.TooLittleGas.selector, "no verdict");
        }
        vm.assertTrue(accepted > 0 && accepted < 200, "some had enough and some had not");
    }

    // --- One member alone ---

    function test_a_member_signs_for_itself_alone(uint8 index, uint8 other) external {
        (index, other) = (index % 7, other % 7);
        bytes memory signature = BlsSigners.sign(set.secrets[other], DIGEST);
        if (index != other) vm.expectRevert(abi.encodeWithSelector(QuorumBls.SignatureFalse.selector, DIGEST));
        caller.verifyMember(members, index, DIGEST, signature);
    }

    function test_a_single_signature_has_96_bytes_and_is_not_infinity() external {
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.SignatureLength.selector, 95, 96));
        caller.verifyMember(members, 0, DIGEST, new bytes(95));
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.SignatureLength.selector, 128, 96));
        caller.verifyMember(members, 0, DIGEST, new bytes(128));
        vm.expectRevert(QuorumBls.SignatureAtInfinity.selector);
        caller.verifyMember(members, 0, DIGEST, new bytes(96));
    }

    function test_there_is_no_member_beyond_the_last() external {
        bytes memory signature = BlsSigners.sign(set.secrets[6], DIGEST);
        caller.verifyMember(members, 6, DIGEST, signature);
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.MemberUnknown.selector, 7));
        caller.verifyMember(members, 7, DIGEST, signature);
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.MemberUnknown.selector, 7));
        caller.without(members, 7);
    }

    function test_a_set_without_a_member_is_the_set_of_the_others(uint8 index) external {
        index = index % 7;
        bytes memory others;
        for (uint256 i = 0; i < 7; ++i) {
            if (i != index) others = abi.encodePacked(others, set.keyAt(i));
        }
        vm.assertEq(caller.without(members, index), BlsSigners.membersOf(others), "members");
        bytes memory alone = BlsSigners.membersOf(set.keyAt(index));
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.MembersLength.selector, 0));
        caller.without(alone, 0);
    }

    // --- Arithmetic, against the plain version ---

    function test_hashing_is_what_the_plain_version_says(bytes32 digest) external view {
        bytes memory message = abi.encodePacked(digest);
        vm.assertEq(
            caller.hash(QuorumBls.SIGNATURE_TAG, digest),
            PlainBls.hashToG1(message, PlainBls.SIGNATURE_TAG),
            "for a signature"
        );
        vm.assertEq(
            caller.hash(QuorumBls.PROOF_TAG, digest), PlainBls.hashToG1(message, PlainBls.PROOF_TAG), "for a proof"
        );
    }

    function test_reduction_is_what_the_plain_version_says(uint256 high, uint256 low) external view {
        _assertReduced(high, low);
        _assertReduced(high >> 128, low);
        _assertReduced(type(uint256).max - (high >> 192), low);
    }

    function test_reduction_is_right_at_every_multiple_of_the_modulus(uint256 factor) external view {
        factor = factor >> 125; // of 131 bits, so that the product has no more than 512
        (uint256 high, uint256 low) = _timesP(factor);
        _assertReduced(high, low);
        unchecked {
            _assertReduced(low == 0 ? high - 1 : high, low - 1);
            _assertReduced(low == type(uint256).max ? high + 1 : high, low + 1);
        }
        _assertReduced(type(uint256).max, type(uint256).max);
        _assertReduced(0, 0);
    }

    function test_sums_of_keys_are_what_the_plain_version_says(uint8 count) external view {
        bytes memory keys = PlainBls.slice(set.keys, 0, 192 * bound(count, 1, 7));
        vm.assertEq(abi.encodePacked(caller.minusSumOf(keys, 0), keys), BlsSigners.membersOf(keys), "members");
        bytes memory cancelling = abi.encodePacked(set.keyAt(0), PlainBls.multiply2(set.keyAt(0), PlainBls.ORDER - 1));
        vm.assertEq(caller.minusSumOf(cancelling, 0), new bytes(192), "infinity");
    }

    function _timesP(uint256 factor) private pure returns (uint256 high, uint256 low) {
        uint256 pHigh = uint128(bytes16(PlainBls.slice(PlainBls.P, 0, 16)));
        uint256 pLow = uint256(bytes32(PlainBls.slice(PlainBls.P, 16, 32)));
        uint256 full = mulmod(factor, pLow, type(uint256).max);
        unchecked {
            low = factor * pLow;
            high = factor * pHigh + full - low - (full < low ? 1 : 0);
        }
    }

    function _assertReduced(uint256 high, uint256 low) private view {
        bytes memory number = abi.encodePacked(high, low);
        vm.assertEq(caller.reduce(number), PlainBls.reduce(number), "reduced");
    }

    function _assertFalse(bytes memory certificate, bytes32 digest) private {
        _assertRefused(certificate, abi.encodeWithSelector(QuorumBls.SignatureFalse.selector, digest));
    }

    function _assertRefused(bytes memory certificate, bytes memory expected) private {
        vm.expectRevert(expected);
        caller.verify{gas: ENOUGH}(members, 5, DIGEST, certificate);
    }

    function _assertRefusedAsPlain(bytes memory certificate) private {
        bytes memory expected = PlainBls.refusal(set.keys, 5, DIGEST, certificate);
        vm.assertTrue(expected.length != 0, "the plain version refuses it");
        _assertRefused(certificate, expected);
    }

    function _assertAsPlain(bytes memory certificate) private {
        _assertAsPlain(set, DIGEST, certificate);
    }

    function _assertAsPlain(BlsSet memory any, bytes32 digest, bytes memory certificate) private {
        bytes memory expected = PlainBls.refusal(any.keys, any.threshold, digest, certificate);
        bytes memory packed = any.members();
        if (expected.length != 0) vm.expectRevert(expected);
        caller.verify{gas: ENOUGH}(packed, any.threshold, digest, certificate);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Bls12381, Equation} from "../../src/common/Bls12381.sol";
import {BlsCommittee} from "../../src/common/BlsCommittee.sol";
import {QuorumBls} from "../../src/common/QuorumBls.sol";
import {BlsSigners} from "../BlsSigners.sol";
import {PlainBls} from "../PlainBls.sol";
import {Test} from "../Vm.sol";

/// @notice Calls the libraries from outside.
contract BlsCaller {
    /// @notice The point that a digest hashes to, raw.
    function hash(bytes32 tag, bytes32 digest) external view returns (bytes memory) {
        uint256 equation = Equation.unwrap(Bls12381.equationOf(tag, digest));
        uint256[4] memory point;
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, 0x80) { i := add(i, 0x20) } {
                mstore(add(point, i), mload(add(add(equation, 0x180), i)))
            }
        }
        return PlainBls.raw(abi.encode(point));
    }

    function reduce(bytes memory number) external pure returns (bytes memory) {
        uint256[2] memory words = abi.decode(number, (uint256[2]));
        uint256 place;
        assembly ("memory-safe") {
            place := words
        }
        Bls12381.reduceAt(place);
        return PlainBls.slice(abi.encode(words), 16, 48);
    }

    function minusSumOf(bytes memory keys, uint256 start) external view returns (bytes memory) {
        return Bls12381.minusSumOf(keys, start);
    }

    function verify(bytes memory members, uint256 threshold, bytes32 digest, bytes calldata certificate) external view {
        QuorumBls.verify(abi.encodePacked(hex"00", members), threshold, digest, certificate);
    }

    function verifyMember(bytes memory members, uint256 index, bytes32 digest, bytes memory signature) external view {
        QuorumBls.verifyMember(members, index, digest, signature);
    }

    function without(bytes memory members, uint256 index) external view returns (bytes memory) {
        return QuorumBls.without(members, index);
    }

    function requireProof(bytes32 domain, bytes memory key, bytes memory proof) external view {
        QuorumBls.requireProof(domain, key, proof);
    }
}

/// @notice The vectors that bind this verifier, the Python one and a third implementation.
contract BlsVectorsTest is Test {
    BlsCaller private caller = new BlsCaller();
    string private json = vm.readFile("../tests/vectors/bls.json");

    function test_the_plain_version_hashes_as_rfc_9380_prints() external view {
        bytes memory tag = bytes(vm.parseJsonString(json, ".rfc9380.tag"));
        uint256 count = 0;
        for (string memory at = _item(".rfc9380.vectors", 0); vm.keyExistsJson(json, at); ++count) {
            bytes memory point = PlainBls.hashToG1(_bytes(at, ".message"), tag);
            vm.assertEq(point, _bytes(at, ".point"), "point");
            at = _item(".rfc9380.vectors", count + 1);
        }
        vm.assertEq(count, 5, "vectors read");
    }

    function test_tags_are_those_of_the_specification() external view {
        vm.assertEq(string(PlainBls.SIGNATURE_TAG), vm.parseJsonString(json, ".signatureTag"), "of signatures");
        vm.assertEq(string(PlainBls.PROOF_TAG), vm.parseJsonString(json, ".proofTag"), "of proofs");
    }

    function test_digests_hash_to_the_same_points() external view {
        uint256 count = 0;
        for (string memory at = _item(".hashes", 0); vm.keyExistsJson(json, at); at = _item(".hashes", ++count)) {
            bytes32 digest = vm.parseJsonBytes32(json, string.concat(at, ".digest"));
            vm.assertEq(caller.hash(QuorumBls.SIGNATURE_TAG, digest), _bytes(at, ".signaturePoint"), "for a signature");
            vm.assertEq(caller.hash(QuorumBls.PROOF_TAG, digest), _bytes(at, ".proofPoint"), "for a proof");
        }
        vm.assertEq(count, 16, "vectors read");
    }

    function test_keys_proofs_and_signatures() external view {
        bytes32 domain = vm.parseJsonBytes32(json, ".domain");
        uint256 count = 0;
        for (string memory at = _item(".signers", 0); vm.keyExistsJson(json, at); at = _item(".signers", ++count)) {
            uint256 secret = uint256(vm.parseJsonBytes32(json, string.concat(at, ".secret")));
            (bytes memory key, bytes memory proof) = (_bytes(at, ".key"), _bytes(at, ".proof"));
            vm.assertEq(BlsSigners.keyOf(secret), key, "key");
            vm.assertEq(BlsSigners.proofOf(secret, domain), proof, "proof");
            caller.requireProof(domain, key, proof);
            bytes32 digest = vm.parseJsonBytes32(json, string.concat(at, ".digest"));
            vm.assertEq(BlsSigners.sign(secret, digest), _bytes(at, ".signature"), "signature");
            caller.verifyMember(BlsSigners.membersOf(key), 0, digest, _bytes(at, ".signature"));
        }
        vm.assertEq(count, 31, "vectors read");
    }

    function test_sets_and_certificates() external {
        uint256 count = 0;
        string memory list = ".certificates";
        for (string memory at = _item(list, 0); vm.keyExistsJson(json, at); at = _item(list, ++count)) {
            _assertCertificate(at);
        }
        vm.assertEq(count, 11, "vectors read");
    }

    function test_keys_that_are_no_points_of_g2_are_refused_by_name() external {
        bytes32 domain = vm.parseJsonBytes32(json, ".domain");
        _assertKeysRefused(domain, ".bad.g2OffCurve", QuorumBls.KeyNotOnCurve.selector);
        _assertKeysRefused(domain, ".bad.g2NotCanonical", QuorumBls.KeyNotOnCurve.selector);
        _assertKeysRefused(domain, ".bad.g2OutsideSubgroup", QuorumBls.KeyNotInSubgroup.selector);
    }

    function test_signatures_that_are_no_points_of_g1_are_refused_by_name() external {
        _assertSignaturesRefused(".bad.g1OffCurve", QuorumBls.SignatureNotOnCurve.selector);
        _assertSignaturesRefused(".bad.g1NotCanonical", QuorumBls.SignatureNotOnCurve.selector);
        _assertSignaturesRefused(".bad.g1OutsideSubgroup", QuorumBls.SignatureNotInSubgroup.selector);
    }

    function _assertCertificate(string memory at) private {
        bytes32 domain = vm.parseJsonBytes32(json, ".domain");
        bytes memory members = _bytes(at, ".members");
        bytes[] memory proofs = new bytes[](vm.parseJsonUint(json, string.concat(at, ".count")));
        for (uint256 i = 0; i < proofs.length; ++i) {
            proofs[i] = _bytes(_item(".signers", i), ".proof");
        }
        uint8 threshold = uint8(vm.parseJsonUint(json, string.concat(at, ".threshold")));
        address any = address(this);
        BlsCommittee committee = new BlsCommittee(any, any, any, 1, domain, threshold, members, proofs);
        (bytes32 setHash,,) = committee.setOf(1);
        vm.assertEq(setHash, vm.parseJsonBytes32(json, string.concat(at, ".setHash")), "set hash");
        bytes32 digest = vm.parseJsonBytes32(json, string.concat(at, ".digest"));
        bytes memory certificate = _bytes(at, ".certificate");
        committee.verify(1, digest, certificate);
        digest = ~digest;
        vm.expectRevert(abi.encodeWithSelector(QuorumBls.SignatureFalse.selector, digest));
        committee.verify(1, digest, certificate);
    }

    function _assertKeysRefused(bytes32 domain, string memory list, bytes4 expected) private {
        bytes[] memory keys = vm.parseJsonBytesArray(json, list);
        bytes memory proof = _bytes(_item(".signers", 0), ".proof");
        for (uint256 i = 0; i < keys.length; ++i) {
            vm.expectRevert(expected);
            caller.requireProof{gas: 1e7}(domain, keys[i], proof);
        }
        vm.assertGe(keys.length, 2, "vectors read");
    }

    function _assertSignaturesRefused(string memory list, bytes4 expected) private {
        bytes[] memory signatures = vm.parseJsonBytesArray(json, list);
        bytes memory members = _bytes(_item(".certificates", 3), ".members");
        for (uint256 i = 0; i < signatures.length; ++i) {
            vm.expectRevert(expected);
            caller.verify{gas: 1e7}(members, 5, keccak256("digest"), abi.encodePacked(uint256(31), signatures[i]));
            vm.expectRevert(expected);
            caller.verifyMember{gas: 1e7}(members, 0, keccak256("digest"), signatures[i]);
        }
        vm.assertGe(signatures.length, 2, "vectors read");
    }

    function _item(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    function _bytes(string memory at, string memory field) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(at, field));
    }
}

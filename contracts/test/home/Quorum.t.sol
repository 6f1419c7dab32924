// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {EcdsaCommittee} from "../../src/common/EcdsaCommittee.sol";
import {QuorumEcdsa} from "../../src/common/QuorumEcdsa.sol";
import {HomeSide} from "../HomeSide.sol";
import {PlainQuorum} from "../PlainQuorum.sol";
import {SignerSet, Signers} from "../Signers.sol";

contract QuorumTest is HomeSide {
    using Signers for SignerSet;

    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    bytes32 private constant DIGEST = keccak256("digest");

    EcdsaCommittee private committee;
    SignerSet private set;

    function setUp() external {
        set = Signers.make(7, 5, "operators");
        committee = new EcdsaCommittee(GOVERNOR, GUARDIAN, GOVERNOR, ACTIVATION_DELAY, 5, set.members());
    }

    function test_any_five_of_seven_are_a_quorum(uint256 seed) external view {
        uint256[] memory chosen = _chosen(seed, 5);
        committee.verify(1, DIGEST, _signatures(DIGEST, chosen));
    }

    function test_one_signature_short_is_refused() external {
        _assertRefused(set.certifyBy(DIGEST, 0, 4), abi.encodeWithSelector(QuorumEcdsa.SignatureCount.selector, 4, 5));
    }

    function test_an_empty_certificate_is_refused() external {
        _assertRefused("", abi.encodeWithSelector(QuorumEcdsa.SignatureCount.selector, 0, 5));
    }

    function test_more_signatures_than_needed_are_refused() external {
        _assertRefused(set.certifyBy(DIGEST, 0, 6), abi.encodeWithSelector(QuorumEcdsa.SignatureCount.selector, 6, 5));
    }

    function test_trailing_bytes_are_refused() external {
        bytes memory certificate = abi.encodePacked(set.certify(DIGEST), hex"00");
        _assertRefused(certificate, abi.encodeWithSelector(QuorumEcdsa.SignatureCount.selector, 5, 5));
    }

    function test_one_signer_twice_is_refused() external {
        uint256[] memory chosen = _chosen(0, 5);
        chosen[3] = chosen[2];
        address twice = vm.addr(set.keys[chosen[2]]);
        _assertRefused(
            _signatures(DIGEST, chosen), abi.encodeWithSelector(QuorumEcdsa.SignerNotAscending.selector, twice)
        );
    }

    function test_signers_out_of_order_are_refused() external {
        uint256[] memory chosen = _chosen(0, 5);
        (chosen[0], chosen[1]) = (chosen[1], chosen[0]);
        address late = vm.addr(set.keys[chosen[1]]);
        _assertRefused(
            _signatures(DIGEST, chosen), abi.encodeWithSelector(QuorumEcdsa.SignerNotAscending.selector, late)
        );
    }

    function test_a_stranger_among_the_signers_is_refused(uint256 seed) external {
        SignerSet memory mixed = set;
        mixed.keys[seed % 7] = uint256(keccak256(abi.encode("stranger", seed))) >> 1;
        mixed = _sorted(mixed);
        bytes memory certificate = mixed.certifyBy(DIGEST, seed % 3, 5);
        bytes memory expected = PlainQuorum.refusal(_members(), 5, DIGEST, certificate);
        if (expected.length != 0) vm.expectRevert(expected);
        committee.verify(1, DIGEST, certificate);
    }

    function test_a_signature_over_another_digest_is_refused(bytes32 other) external {
        vm.assume(other != DIGEST);
        bytes memory certificate = set.certify(other);
        vm.expectRevert();
        committee.verify(1, DIGEST, certificate);
    }

    function test_the_mirror_image_of_a_signature_is_refused() external {
        bytes memory certificate = set.certify(DIGEST);
        for (uint256 i = 0; i < 5; ++i) {
            bytes memory mirrored = _copy(certificate);
            uint256 vs = uint256(_wordAt(certificate, 64 * i + 32));
            uint256 s = ORDER - (vs << 1 >> 1);
            // In compact form a high s runs into the parity bit: both parities are tried.
            _setWord(mirrored, 64 * i + 32, bytes32(s & type(uint256).max >> 1));
            _assertRefusedAsPlain(mirrored);
            _setWord(mirrored, 64 * i + 32, bytes32(s | 1 << 255));
            _assertRefusedAsPlain(mirrored);
        }
    }

    function test_a_high_s_is_refused() external {
        bytes memory certificate = set.certify(DIGEST);
        _setWord(certificate, 64 * 2 + 32, bytes32(QuorumEcdsa.HALF_ORDER + 1));
        _assertRefused(certificate, abi.encodeWithSelector(QuorumEcdsa.SignatureHighS.selector, 2));
        _setWord(certificate, 64 * 2 + 32, bytes32(QuorumEcdsa.HALF_ORDER + 1 | 1 << 255));
        _assertRefused(certificate, abi.encodeWithSelector(QuorumEcdsa.SignatureHighS.selector, 2));
    }

    function test_the_other_parity_is_another_signer() external {
        bytes memory certificate = set.certify(DIGEST);
        for (uint256 i = 0; i < 5; ++i) {
            bytes memory flipped = _copy(certificate);
            flipped[64 * i + 32] ^= 0x80;
            _assertRefusedAsPlain(flipped);
        }
    }

    function test_a_signature_of_nobody_is_refused() external {
        bytes memory certificate = set.certify(DIGEST);
        for (uint256 i = 0; i < 5; ++i) {
            bytes memory broken = _copy(certificate);
            _setWord(broken, 64 * i, 0);
            _assertRefused(broken, abi.encodeWithSelector(QuorumEcdsa.SignatureInvalid.selector, i));
            broken = _copy(certificate);
            _setWord(broken, 64 * i + 32, 0);
            _assertRefused(broken, abi.encodeWithSelector(QuorumEcdsa.SignatureInvalid.selector, i));
        }
        _assertRefused(new bytes(320), abi.encodeWithSelector(QuorumEcdsa.SignatureInvalid.selector, 0));
    }

    function test_every_byte_of_a_certificate_counts(uint256 place, uint8 change) external {
        bytes memory certificate = set.certify(DIGEST);
        certificate[place % certificate.length] ^= bytes1(uint8(bound(change, 1, 255)));
        _assertRefusedAsPlain(certificate);
    }

    function test_the_assembly_agrees_with_the_plain_version(uint256 seed, uint8 members, uint8 threshold) external {
        members = uint8(bound(members, 1, 20));
        threshold = uint8(bound(threshold, members / 2 + 1, members));
        SignerSet memory any = Signers.make(members, threshold, "any");
        vm.prank(GOVERNOR);
        committee.replace(threshold, any.members());
        bytes memory certificate = _shuffled(any, seed);
        bytes memory expected = PlainQuorum.refusal(_membersOf(any), threshold, DIGEST, certificate);
        if (expected.length != 0) vm.expectRevert(expected);
        committee.verify(2, DIGEST, certificate);
    }

    function test_too_little_gas_never_verifies_what_is_wrong(uint24 gas) external view {
        bytes memory certificate = set.certifyBy(DIGEST, 0, 5);
        certificate[7] ^= 0x01;
        try committee.verify{gas: gas}(1, DIGEST, certificate) {
            vm.assertTrue(false, "verified");
        } catch {}
    }

    // --- Signatures ---

    /// @dev A few of the keys, mostly ascending, now and then with a neighbour swapped, doubled or strange.
    function _shuffled(SignerSet memory any, uint256 seed) private pure returns (bytes memory) {
        uint256[] memory keys = new uint256[](any.threshold);
        uint256 spare = any.keys.length - any.threshold;
        for ((uint256 i, uint256 next) = (0, 0); i < keys.length; ++i) {
            uint256 skip = uint256(keccak256(abi.encode(seed, i))) % (spare + 1);
            keys[i] = any.keys[next + skip];
            (next, spare) = (next + skip + 1, spare - skip);
        }
        uint256 place = seed % keys.length;
        if (seed % 5 == 1) keys[place] = keys[0];
        if (seed % 5 == 2) keys[place] = seed >> 1 | 1;
        if (seed % 5 == 3) (keys[place], keys[0]) = (keys[0], keys[place]);
        return Signers.certifyBy(SignerSet(keys, any.threshold), DIGEST, 0, keys.length);
    }

    function _chosen(uint256 seed, uint256 count) private pure returns (uint256[] memory chosen) {
        chosen = new uint256[](count);
        for ((uint256 i, uint256 next, uint256 spare) = (0, 0, 7 - count); i < count; ++i) {
            uint256 skip = uint256(keccak256(abi.encode(seed, i))) % (spare + 1);
            chosen[i] = next + skip;
            (next, spare) = (next + skip + 1, spare - skip);
        }
    }

    function _signatures(bytes32 digest, uint256[] memory chosen) private view returns (bytes memory certificate) {
        for (uint256 i = 0; i < chosen.length; ++i) {
            certificate = abi.encodePacked(certificate, set.certifyBy(digest, chosen[i], 1));
        }
    }

    function _sorted(SignerSet memory unsorted) private pure returns (SignerSet memory) {
        uint256[] memory keys = unsorted.keys;
        for (uint256 i = 0; i < keys.length; ++i) {
            for (uint256 j = i + 1; j < keys.length; ++j) {
                if (vm.addr(keys[j]) < vm.addr(keys[i])) (keys[i], keys[j]) = (keys[j], keys[i]);
            }
        }
        return unsorted;
    }

    function _members() private view returns (address[] memory) {
        return _membersOf(set);
    }

    function _membersOf(SignerSet memory any) private pure returns (address[] memory members) {
        members = new address[](any.keys.length);
        for (uint256 i = 0; i < members.length; ++i) {
            members[i] = vm.addr(any.keys[i]);
        }
    }

    function _copy(bytes memory original) private pure returns (bytes memory) {
        return abi.encodePacked(original);
    }

    function _wordAt(bytes memory packed, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(packed, 32), offset))
        }
    }

    function _setWord(bytes memory packed, uint256 offset, bytes32 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(packed, 32), offset), word)
        }
    }

    function _assertRefused(bytes memory certificate, bytes memory expected) private {
        vm.expectRevert(expected);
        committee.verify(1, DIGEST, certificate);
    }

    function _assertRefusedAsPlain(bytes memory certificate) private {
        bytes memory expected = PlainQuorum.refusal(_members(), 5, DIGEST, certificate);
        vm.assertTrue(expected.length != 0, "the plain version refuses it");
        _assertRefused(certificate, expected);
    }
}

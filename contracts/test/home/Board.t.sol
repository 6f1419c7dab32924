// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {QuorumEcdsa} from "../../src/common/QuorumEcdsa.sol";
import {AttestationBoard} from "../../src/home/AttestationBoard.sol";
import {IAttestationBoard} from "../../src/home/IAttestationBoard.sol";
import {HomeSide} from "../HomeSide.sol";
import {Vm} from "../Vm.sol";

contract BoardTest is HomeSide {
    uint32 private constant WRITES = 5;
    uint256 private constant KEY = 0xA11CE;
    bytes32 private constant SLOT = keccak256("slot");
    bytes32 private constant DIGEST = keccak256("digest");

    address private immutable SIGNER = vm.addr(KEY);
    address private immutable POSTER = _account("poster");
    AttestationBoard private board;

    function setUp() external {
        board = new AttestationBoard(GOVERNOR, WRITES);
        vm.prank(GOVERNOR);
        board.register(SIGNER, POSTER);
        vm.recordLogs();
    }

    function test_a_post_is_kept_and_shown() external {
        bytes memory signature = _sign(DIGEST);
        vm.expectEmit(address(board));
        emit IAttestationBoard.Posted(SLOT, DIGEST, SIGNER, signature);
        vm.prank(POSTER);
        board.post(SLOT, DIGEST, signature);
        vm.assertTrue(board.isPosted(SLOT, DIGEST, SIGNER), "posted");
        vm.assertFalse(board.isPosted(SLOT, keccak256("other"), SIGNER), "nothing else is");
        vm.assertFalse(board.isPosted(keccak256("other"), DIGEST, SIGNER), "nothing else is");
    }

    function test_a_second_digest_for_one_slot_is_kept_as_evidence() external {
        _post(SLOT, DIGEST);
        _post(SLOT, keccak256("another"));
        vm.assertTrue(board.isPosted(SLOT, DIGEST, SIGNER), "first");
        vm.assertTrue(board.isPosted(SLOT, keccak256("another"), SIGNER), "second");
    }

    function test_a_post_made_twice_is_skipped_quietly() external {
        _post(SLOT, DIGEST);
        vm.getRecordedLogs();
        for (uint256 i = 0; i < 2 * WRITES; ++i) {
            _post(SLOT, DIGEST);
        }
        vm.assertEq(vm.getRecordedLogs().length, 0, "events");
    }

    function test_only_the_registered_poster_posts() external {
        bytes memory signature = _sign(DIGEST);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.NotPoster.selector, SIGNER, STRANGER));
        board.post(SLOT, DIGEST, signature);
    }

    function test_a_poster_posts_only_for_its_signer() external {
        (bytes32 r, bytes32 vs) = vm.signCompact(KEY + 1, DIGEST);
        vm.prank(POSTER);
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.NotPoster.selector, vm.addr(KEY + 1), POSTER));
        board.post(SLOT, DIGEST, abi.encodePacked(r, vs));
    }

    function test_a_retired_signer_has_no_poster() external {
        vm.prank(GOVERNOR);
        board.register(SIGNER, address(0));
        bytes memory signature = _sign(DIGEST);
        vm.prank(POSTER);
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.NotPoster.selector, SIGNER, POSTER));
        board.post(SLOT, DIGEST, signature);
    }

    function test_only_the_governor_registers() external {
        vm.prank(POSTER);
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.NotGovernor.selector, POSTER));
        board.register(SIGNER, POSTER);
        vm.prank(GOVERNOR);
        vm.expectRevert(IAttestationBoard.ZeroAddress.selector);
        board.register(address(0), POSTER);
        vm.expectRevert(IAttestationBoard.ZeroAddress.selector);
        new AttestationBoard(address(0), WRITES);
    }

    function test_what_is_no_signature_is_refused() external {
        bytes memory signature = _sign(DIGEST);
        vm.startPrank(POSTER);
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.SignatureForm.selector, 65));
        board.post(SLOT, DIGEST, abi.encodePacked(signature, hex"1b"));
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.SignatureForm.selector, 0));
        board.post(SLOT, DIGEST, "");
        vm.expectRevert(abi.encodeWithSelector(QuorumEcdsa.SignatureInvalid.selector, 0));
        board.post(SLOT, DIGEST, new bytes(64));
        vm.expectRevert(abi.encodeWithSelector(QuorumEcdsa.SignatureHighS.selector, 0));
        board.post(SLOT, DIGEST, abi.encodePacked(bytes32(uint256(1)), QuorumEcdsa.HALF_ORDER + 1));
    }

    function test_a_signature_for_another_digest_names_another_signer(bytes32 other) external {
        vm.assume(other != DIGEST);
        bytes memory signature = _sign(DIGEST);
        vm.prank(POSTER);
        vm.expectPartialRevert(IAttestationBoard.NotPoster.selector);
        board.post(SLOT, other, signature);
    }

    function test_several_posts_in_one_go() external {
        IAttestationBoard.Post[] memory posts = _posts(WRITES);
        vm.prank(POSTER);
        board.postMany(posts);
        for (uint256 i = 0; i < WRITES; ++i) {
            vm.assertTrue(board.isPosted(posts[i].slot, posts[i].digest, SIGNER), "posted");
        }
    }

    function test_writes_per_block_are_limited() external {
        IAttestationBoard.Post[] memory posts = _posts(WRITES + 1);
        vm.startPrank(POSTER);
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.PosterCapExceeded.selector, POSTER, WRITES));
        board.postMany(posts);
        board.publish(0, "counts too");
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.PosterCapExceeded.selector, POSTER, WRITES));
        board.postMany(_posts(WRITES));
        board.postMany(_posts(WRITES - 1));
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.PosterCapExceeded.selector, POSTER, WRITES));
        board.publish(0, "one too many");
        vm.roll(vm.getBlockNumber() + 1);
        board.postMany(posts);
    }

    function test_a_preimage_is_published_once() external {
        bytes32 domain = keccak256("domain");
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, keccak256("struct")));
        vm.expectEmit(address(board));
        emit IAttestationBoard.Published(digest, domain, "struct");
        vm.assertEq(board.publish(domain, "struct"), digest, "digest");
        vm.assertTrue(board.isPublished(digest), "published");
        vm.getRecordedLogs();
        vm.assertEq(board.publish(domain, "struct"), digest, "digest");
        vm.assertEq(vm.getRecordedLogs().length, 0, "events");
    }

    function test_a_preimage_is_at_most_a_kilobyte() external {
        board.publish(0, new bytes(1_024));
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.PreimageTooLong.selector, 1_025));
        board.publish(0, new bytes(1_025));
    }

    function test_preimages_and_posts_go_together() external {
        bytes32[] memory domains = new bytes32[](1);
        bytes[] memory structs = new bytes[](1);
        structs[0] = "struct";
        IAttestationBoard.Post[] memory posts = _posts(2);
        vm.startPrank(POSTER);
        board.publishAndPost(domains, structs, posts);
        vm.assertTrue(board.isPosted(posts[1].slot, posts[1].digest, SIGNER), "posted");
        vm.assertTrue(
            board.isPublished(keccak256(abi.encodePacked(hex"1901", bytes32(0), keccak256("struct")))), "published"
        );
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.LengthMismatch.selector, 2, 1));
        board.publishAndPost(new bytes32[](2), structs, posts);
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.LengthMismatch.selector, 0, 1));
        board.publishAndPost(new bytes32[](0), structs, posts);
    }

    function _posts(uint256 count) private pure returns (IAttestationBoard.Post[] memory posts) {
        posts = new IAttestationBoard.Post[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 digest = keccak256(abi.encode("digest", i));
            posts[i] = IAttestationBoard.Post(keccak256(abi.encode("slot", i)), digest, _sign(digest));
        }
    }

    function _post(bytes32 slot, bytes32 digest) private {
        bytes memory signature = _sign(digest);
        vm.prank(POSTER);
        board.post(slot, digest, signature);
    }

    function _sign(bytes32 digest) private pure returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(KEY, digest);
        return abi.encodePacked(r, vs);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AttestationBoard} from "../../src/home/AttestationBoard.sol";
import {IAttestationBoard} from "../../src/home/IAttestationBoard.sol";
import {HomeSide} from "../HomeSide.sol";

/// @notice What the board keeps for the oracle: proposals, shares and contents that readers verify.
contract OracleBoardTest is HomeSide {
    uint32 private constant WRITES = 5;
    bytes32 private constant DOMAIN = keccak256("domain");
    bytes32 private constant SLOT = keccak256("slot");
    bytes32 private constant DIGEST = keccak256("digest");
    address private constant KEY = address(0xB15);

    address private immutable POSTER = _account("poster");
    AttestationBoard private board;
    bytes[] private structs;
    bytes[] private contents;

    function setUp() external {
        board = new AttestationBoard(GOVERNOR, WRITES);
        vm.prank(GOVERNOR);
        board.registerKey(KEY, POSTER);
        vm.recordLogs();
    }

    function test_a_share_is_shown_as_it_is() external {
        bytes memory share = new bytes(96);
        vm.expectEmit(address(board));
        emit IAttestationBoard.PostedUnverified(SLOT, DIGEST, KEY, share);
        _post(share);
    }

    function test_a_share_posted_twice_is_skipped_quietly_and_a_proposal_is_not() external {
        _post(hex"01");
        vm.getRecordedLogs();
        _post(hex"01");
        vm.assertEq(vm.getRecordedLogs().length, 0, "a share");
        _post("");
        _post("");
        vm.assertEq(vm.getRecordedLogs().length, 2, "a proposal made again");
    }

    function test_a_false_share_does_not_keep_the_right_one_away() external {
        _post(hex"bad0");
        vm.getRecordedLogs();
        _post(hex"600d");
        vm.assertEq(vm.getRecordedLogs().length, 1, "posted");
    }

    function test_only_the_registered_poster_posts() external {
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.NotPoster.selector, KEY, STRANGER));
        _postBy(STRANGER, hex"01");
        vm.prank(GOVERNOR);
        board.registerKey(KEY, address(0));
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.NotPoster.selector, KEY, POSTER));
        _postBy(POSTER, hex"01");
    }

    function test_a_signer_of_the_bridge_is_no_key_of_the_oracle() external {
        vm.prank(GOVERNOR);
        board.register(address(0xEC), POSTER);
        vm.assertEq(board.keyPosterOf(address(0xEC)), address(0), "key");
        vm.assertEq(board.posterOf(KEY), address(0), "signer");
    }

    function test_only_the_governor_registers_keys() external {
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.NotGovernor.selector, STRANGER));
        vm.prank(STRANGER);
        board.registerKey(KEY, STRANGER);
        vm.expectRevert(IAttestationBoard.ZeroAddress.selector);
        vm.prank(GOVERNOR);
        board.registerKey(address(0), POSTER);
    }

    function test_what_is_too_long_is_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.SignatureForm.selector, 97));
        _postBy(POSTER, new bytes(97));
        contents.push(new bytes(8193));
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.ContentTooLong.selector, 8193));
        board.publishAndPostUnverified(DOMAIN, structs, contents, new IAttestationBoard.UnverifiedPost[](0));
    }

    function test_preimages_and_contents_are_published_once() external {
        structs.push("struct");
        contents.push("content");
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", DOMAIN, keccak256("struct")));
        vm.expectEmit(address(board));
        emit IAttestationBoard.Published(digest, DOMAIN, "struct");
        vm.expectEmit(address(board));
        emit IAttestationBoard.ContentPublished(keccak256("content"), "content");
        board.publishAndPostUnverified(DOMAIN, structs, contents, new IAttestationBoard.UnverifiedPost[](0));
        vm.getRecordedLogs();
        board.publishAndPostUnverified(DOMAIN, structs, contents, new IAttestationBoard.UnverifiedPost[](0));
        vm.assertEq(vm.getRecordedLogs().length, 0, "events");
    }

    function test_writes_per_block_are_limited_together() external {
        structs.push("struct");
        contents.push("content");
        vm.prank(POSTER);
        board.publishAndPostUnverified(DOMAIN, structs, contents, new IAttestationBoard.UnverifiedPost[](0));
        _post("");
        _post(hex"01");
        _post("");
        vm.expectRevert(abi.encodeWithSelector(IAttestationBoard.PosterCapExceeded.selector, POSTER, WRITES));
        _postBy(POSTER, "");
        vm.roll(block.number + 1);
        _post("");
    }

    function _post(bytes memory signature) private {
        _postBy(POSTER, signature);
    }

    function _postBy(address account, bytes memory signature) private {
        IAttestationBoard.UnverifiedPost[] memory posts = new IAttestationBoard.UnverifiedPost[](1);
        posts[0] = IAttestationBoard.UnverifiedPost(SLOT, DIGEST, KEY, signature);
        vm.prank(account);
        board.publishAndPostUnverified(DOMAIN, new bytes[](0), new bytes[](0), posts);
    }
}

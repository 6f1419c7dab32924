// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {QuorumEcdsa} from "../common/QuorumEcdsa.sol";
import {IAttestationBoard} from "./IAttestationBoard.sol";

/// @notice The bulletin board of signatures on the home ledger.
/// @dev ECDSA signatures of the bridge are verified here. The oracle's, which the home ledger has no precompile for, have
///      a registry and an event of their own: whoever reads one kind never meets the other.
contract AttestationBoard is IAttestationBoard {
    uint256 internal constant MAX_PREIMAGE = 1024;
    uint256 internal constant MAX_CONTENT = 8192;
    uint256 internal constant MAX_UNVERIFIED_SIGNATURE = 96;

    struct WriteCount {
        uint64 height;
        uint32 count;
    }

    address public immutable GOVERNOR;
    /// @inheritdoc IAttestationBoard
    uint32 public immutable POSTS_PER_BLOCK;

    mapping(address signer => address poster) public posterOf;
    /// @inheritdoc IAttestationBoard
    mapping(address signer => address poster) public keyPosterOf;
    mapping(bytes32 digest => bool) public isPublished;
    mapping(bytes32 hash => bool) private _isContentPublished;
    mapping(bytes32 key => bool) private _posted;
    mapping(bytes32 key => bool) private _postedUnverified;
    mapping(address account => WriteCount) private _writeCounts;

    constructor(address governor, uint32 postsPerBlock) {
        if (governor == address(0)) revert ZeroAddress();
        GOVERNOR = governor;
        POSTS_PER_BLOCK = postsPerBlock;
    }

    /// @inheritdoc IAttestationBoard
    function post(bytes32 slot, bytes32 digest, bytes calldata signature) external {
        _post(slot, digest, signature);
    }

    /// @inheritdoc IAttestationBoard
    function postMany(Post[] calldata posts) external {
        _postMany(posts);
    }

    /// @inheritdoc IAttestationBoard
    function publish(bytes32 domainSeparator, bytes calldata encodedStruct) external returns (bytes32 digest) {
        return _publish(domainSeparator, encodedStruct);
    }

    /// @inheritdoc IAttestationBoard
    function publishAndPost(bytes32[] calldata domainSeparators, bytes[] calldata encodedStructs, Post[] calldata posts)
        external
    {
        if (domainSeparators.length != encodedStructs.length) {
            revert LengthMismatch(domainSeparators.length, encodedStructs.length);
        }
        for (uint256 i = 0; i < encodedStructs.length; ++i) {
            _publish(domainSeparators[i], encodedStructs[i]);
        }
        _postMany(posts);
    }

    /// @inheritdoc IAttestationBoard
    function publishAndPostUnverified(
        bytes32 domainSeparator,
        bytes[] calldata encodedStructs,
        bytes[] calldata contents,
        UnverifiedPost[] calldata posts
    ) external {
        for (uint256 i = 0; i < encodedStructs.length; ++i) {
            _publish(domainSeparator, encodedStructs[i]);
        }
        for (uint256 i = 0; i < contents.length; ++i) {
            _publishContent(contents[i]);
        }
        for (uint256 i = 0; i < posts.length; ++i) {
            _postUnverified(posts[i]);
        }
    }

    /// @inheritdoc IAttestationBoard
    function registerKey(address signer, address poster) external {
        if (msg.sender != GOVERNOR) revert NotGovernor(msg.sender);
        if (signer == address(0)) revert ZeroAddress();
        keyPosterOf[signer] = poster;
        emit KeyRegistered(signer, poster);
    }

    /// @inheritdoc IAttestationBoard
    function register(address signer, address poster) external {
        if (msg.sender != GOVERNOR) revert NotGovernor(msg.sender);
        if (signer == address(0)) revert ZeroAddress();
        posterOf[signer] = poster;
        emit SignerRegistered(signer, poster);
    }

    /// @inheritdoc IAttestationBoard
    function isPosted(bytes32 slot, bytes32 digest, address signer) external view returns (bool) {
        return _posted[keccak256(abi.encode(slot, digest, signer))];
    }

    function _postMany(Post[] calldata posts) private {
        for (uint256 i = 0; i < posts.length; ++i) {
            _post(posts[i].slot, posts[i].digest, posts[i].signature);
        }
    }

    function _post(bytes32 slot, bytes32 digest, bytes calldata signature) private {
        if (signature.length != QuorumEcdsa.SIGNATURE_BYTES) revert SignatureForm(signature.length);
        address signer = QuorumEcdsa.signerOf(digest, signature);
        if (posterOf[signer] != msg.sender) revert NotPoster(signer, msg.sender);
        bytes32 key = keccak256(abi.encode(slot, digest, signer));
        if (_posted[key]) return;
        _countWrite();
        _posted[key] = true;
        emit Posted(slot, digest, signer, signature);
    }

    function _postUnverified(UnverifiedPost calldata given) private {
        if (given.signature.length > MAX_UNVERIFIED_SIGNATURE) revert SignatureForm(given.signature.length);
        if (keyPosterOf[given.signer] != msg.sender) revert NotPoster(given.signer, msg.sender);
        if (given.signature.length != 0) {
            bytes32 key = keccak256(abi.encode(given.slot, given.digest, given.signer, given.signature));
            if (_postedUnverified[key]) return;
            _postedUnverified[key] = true;
        }
        _countWrite();
        emit PostedUnverified(given.slot, given.digest, given.signer, given.signature);
    }

    function _publishContent(bytes calldata content) private {
        if (content.length > MAX_CONTENT) revert ContentTooLong(content.length);
        bytes32 hash = keccak256(content);
        if (_isContentPublished[hash]) return;
        _countWrite();
        _isContentPublished[hash] = true;
        emit ContentPublished(hash, content);
    }

    function _publish(bytes32 domainSeparator, bytes calldata encodedStruct) private returns (bytes32 digest) {
        if (encodedStruct.length > MAX_PREIMAGE) revert PreimageTooLong(encodedStruct.length);
        digest = keccak256(abi.encodePacked(hex"1901", domainSeparator, keccak256(encodedStruct)));
        if (isPublished[digest]) return digest;
        _countWrite();
        isPublished[digest] = true;
        emit Published(digest, domainSeparator, encodedStruct);
    }

    function _countWrite() private {
        WriteCount storage counter = _writeCounts[msg.sender];
        if (counter.height != block.number) {
            counter.height = uint64(block.number);
            counter.count = 0;
        }
        if (counter.count >= POSTS_PER_BLOCK) revert PosterCapExceeded(msg.sender, POSTS_PER_BLOCK);
        ++counter.count;
    }
}

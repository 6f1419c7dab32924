// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {QuorumEcdsa} from "../common/QuorumEcdsa.sol";
import {IAttestationBoard} from "./IAttestationBoard.sol";

/// @notice The bulletin board of signatures on the home ledger.
/// @dev ECDSA signatures are verified here. Signatures of other schemes, which the home ledger has no precompile for,
///      are told apart by their length and get a registry of their own when they come.
contract AttestationBoard is IAttestationBoard {
    uint256 internal constant MAX_PREIMAGE = 1024;

    struct WriteCount {
        uint64 height;
        uint32 count;
    }

    address public immutable GOVERNOR;
    /// @inheritdoc IAttestationBoard
    uint32 public immutable POSTS_PER_BLOCK;

    mapping(address signer => address poster) public posterOf;
    mapping(bytes32 digest => bool) public isPublished;
    mapping(bytes32 key => bool) private _posted;
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

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice Where signatures travel as data: written by registered posters, read by everyone, never changed (SPEC 6).
/// @dev Every digest a signer signed for a slot is kept, never only the first: two for one slot are evidence.
interface IAttestationBoard {
    struct Post {
        bytes32 slot; // what may be signed once, see SPEC 3.4
        bytes32 digest;
        bytes signature; // EIP-2098 compact ECDSA, 64 bytes
    }

    /// @notice A signature that berlin has no precompile for, or a word that needs none: the poster's own transaction
    ///         vouches for it.
    struct UnverifiedPost {
        bytes32 slot;
        bytes32 digest;
        address signer; // of a BLS key: the last 20 bytes of its keccak256
        bytes signature; // empty for a proposal
    }

    event SignerRegistered(address indexed signer, address indexed poster);
    event Posted(bytes32 indexed slot, bytes32 indexed digest, address indexed signer, bytes signature);
    event KeyRegistered(address indexed signer, address indexed poster);
    /// @notice Readers verify the signature themselves.
    event PostedUnverified(bytes32 indexed slot, bytes32 indexed digest, address indexed signer, bytes signature);
    /// @notice `hash` is the keccak256 of `content`.
    event ContentPublished(bytes32 indexed hash, bytes content);
    /// @notice `digest` is the EIP-712 digest of `encodedStruct` (type hash and fields) in `domainSeparator`.
    event Published(bytes32 indexed digest, bytes32 domainSeparator, bytes encodedStruct);

    error NotGovernor(address caller);
    error NotPoster(address signer, address caller);
    error SignatureForm(uint256 length);
    error PosterCapExceeded(address poster, uint256 postsPerBlock);
    error PreimageTooLong(uint256 length);
    error ContentTooLong(uint256 length);
    error LengthMismatch(uint256 domainSeparators, uint256 encodedStructs);
    error ZeroAddress();

    /// @notice Posts one signature. Only the poster registered for its signer; a post already here is skipped quietly.
    function post(bytes32 slot, bytes32 digest, bytes calldata signature) external;

    /// @notice Posts several at once.
    function postMany(Post[] calldata posts) external;

    /// @notice Publishes what a digest was taken over, once; later calls for it are skipped quietly.
    function publish(bytes32 domainSeparator, bytes calldata encodedStruct) external returns (bytes32 digest);

    /// @notice Publishes preimages and posts signatures in one transaction.
    function publishAndPost(bytes32[] calldata domainSeparators, bytes[] calldata encodedStructs, Post[] calldata posts)
        external;

    /// @notice Binds a signer to the account that may post for it; a zero poster retires the signer. Only the governor.
    function register(address signer, address poster) external;

    /// @notice Binds a key that is not verified here to the account that may post for it; a zero poster retires the key.
    ///         Only the governor.
    function registerKey(address signer, address poster) external;

    /// @notice Publishes preimages of one domain and contents, and posts what readers verify, in one transaction. Only
    ///         the poster registered for each signer. A signature already here is skipped quietly; a post without one
    ///         is not: its author may change its mind and back.
    function publishAndPostUnverified(
        bytes32 domainSeparator,
        bytes[] calldata encodedStructs,
        bytes[] calldata contents,
        UnverifiedPost[] calldata posts
    ) external;

    function keyPosterOf(address signer) external view returns (address);
    function posterOf(address signer) external view returns (address);
    function isPosted(bytes32 slot, bytes32 digest, address signer) external view returns (bool);
    function isPublished(bytes32 digest) external view returns (bool);
    /// @notice New posts and preimages that one account may write in one block.
    function POSTS_PER_BLOCK() external view returns (uint32);
}

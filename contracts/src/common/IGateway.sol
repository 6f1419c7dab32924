// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IBrakes} from "./IBrakes.sol";
import {ICommittee} from "./ICommittee.sol";
import {Batch, Message} from "./Protocol.sol";

/// @notice What both ends of a route share: an outbox of leaves, and an inbox that executes each message exactly once.
interface IGateway is IBrakes {
    /// @notice A message left this chain. `leaf` is its id everywhere.
    event Dispatched(bytes32 indexed leaf, uint256 indexed destinationChain, uint64 indexed nonce, Message message);
    /// @notice A quorum's batch was accepted. Events of its messages follow in the same transaction.
    event Delivered(
        uint256 indexed sourceChain, uint64 epoch, uint64 firstNonce, uint32 count, uint64 sourceHeight, bytes32 root
    );
    event Executed(bytes32 indexed leaf, uint256 indexed sourceChain, uint64 nonce);
    /// @notice The message is consumed and waits here; `reason` is a code of `Reason`.
    event Held(bytes32 indexed leaf, uint256 indexed sourceChain, uint64 nonce, uint64 epoch, uint8 reason);
    /// @notice A held message was certified again, by the active epoch.
    event Recertified(bytes32 indexed leaf, uint64 epoch);
    /// @notice A held transfer goes back to its sender by the outbound message `returnLeaf`.
    event SentBack(bytes32 indexed leaf, bytes32 indexed returnLeaf);
    /// @notice The outbound message `leaf` of this chain was undone by an inbound RETURN.
    event Returned(bytes32 indexed leaf, bytes32 indexed returnLeaf);

    error RouteUnknown(uint256 chain);
    error SourceMismatch(uint256 chain, address gateway);
    error DestinationMismatch(uint256 chain, address gateway);
    error CountMismatch(uint256 given, uint256 signed);
    error NonceOutOfBatch(uint64 given, uint64 expected);
    error RootMismatch(bytes32 computed, bytes32 signed);
    error ProofInvalid(bytes32 leaf, bytes32 root);
    error ZeroRoot();
    error DataTooLong(uint256 length, uint256 limit);
    error NotHeld(bytes32 leaf);
    error StillHeld(bytes32 leaf, uint8 reason);
    error NotReturnable(bytes32 leaf, uint8 reason);
    error ReturnTooEarly(bytes32 leaf, uint256 opensAt);
    error Quarantined(bytes32 leaf, uint8 reason);
    error NotGovernor(address caller);
    error AmountOutOfRange(uint256 amount);
    error NotMultipleOfDenomination(uint256 amount, uint256 denomination);
    error BondMatured(address asset, uint256 maturityDate);
    error RecipientRefused(address recipient);
    error ZeroAddress();

    /// @notice A message that waits: who certified it and why it could not be executed.
    struct HeldMessage {
        uint64 epoch;
        uint48 heldAt; // UTC seconds; zero: not held
        uint8 reason;
        uint32 pausedBefore; // seconds for which the asset had been paused by then
    }

    /// @notice Delivers a whole batch. Messages already consumed are skipped quietly.
    function deliver(Batch calldata batch, Message[] calldata messages, bytes calldata certificate) external;

    /// @notice Delivers one message of a batch with its Merkle proof.
    function deliverOne(
        Batch calldata batch,
        Message calldata message,
        bytes32[] calldata proof,
        bytes calldata certificate
    ) external;

    /// @notice Executes a held message whose reason is gone. A quarantined one only for the governor, whose word also
    ///         stands for more than the source says it has sent: what was forged has counted there too.
    function retry(uint256 sourceChain, Message calldata message) external;

    /// @notice Sends a returnable held transfer back to its sender, after `RETURN_DELAY`.
    function sendBack(uint256 sourceChain, Message calldata message) external returns (bytes32 returnLeaf);

    /// @notice Who certifies what comes in.
    function COMMITTEE() external view returns (ICommittee);
    /// @notice EIP-712 domain of inbound batches.
    function DOMAIN_SEPARATOR() external view returns (bytes32);
    function GOVERNOR() external view returns (address);
    /// @notice Seconds a returnable message stays HELD before anyone may send it back.
    function RETURN_DELAY() external view returns (uint48);
    /// @notice Counterpart, blocks per window and messages per batch of the route to `destinationChain`.
    function route(uint256 destinationChain) external view returns (address gateway, uint32 window, uint32 maxBatch);

    function nextNonce(uint256 destinationChain) external view returns (uint64);
    /// @notice Leaf of the outbound message with this nonce; zero if there is none yet.
    function outboundLeaf(uint256 destinationChain, uint64 nonce) external view returns (bytes32);
    /// @notice Gross units sent on a route per asset, transfers and returns together. It never falls.
    function runningTotal(uint256 destinationChain, address asset) external view returns (uint128);
    /// @notice Whether the outbound message `leaf` was undone by an inbound RETURN.
    function isReturned(bytes32 leaf) external view returns (bool);

    function isConsumed(uint256 sourceChain, uint64 nonce) external view returns (bool);
    /// @notice Where a message waits; `heldAt` is zero if it does not.
    function held(bytes32 leaf) external view returns (uint64 epoch, uint48 heldAt, uint8 reason);
    /// @notice When a message that is DELAYED may be executed, in UTC seconds, if no pause comes in between.
    function opensAt(uint256 sourceChain, address asset, bytes32 leaf) external view returns (uint256);
    /// @notice Gross units that were executed or sent back, and the highest running total among their messages, which
    ///         they can never exceed: where the governor retries for more, it rises with them. What is in flight on a
    ///         route is `runningTotal` there less `settled` here.
    function received(uint256 sourceChain, address asset) external view returns (uint128 highestTotal, uint128 settled);
}

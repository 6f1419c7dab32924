// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BatchDigest} from "../src/common/BatchDigest.sol";
import {ICommittee} from "../src/common/ICommittee.sol";
import {IGateway} from "../src/common/IGateway.sol";
import {Batch, Kind, Message} from "../src/common/Protocol.sol";
import {Route} from "../src/common/Wire.sol";
import {SignerSet, Signers} from "./Signers.sol";
import {Trees} from "./Trees.sol";
import {Test, Vm} from "./Vm.sol";

/// @notice What relayers do, for any number of chains in one EVM: collect messages, form batches, certify, deliver.
abstract contract Carrier is Test {
    bytes32 internal constant GENESIS = keccak256("home genesis");

    /// @notice The gateway of each chain.
    mapping(uint256 chain => IGateway) internal gateways;
    /// @notice Every message a gateway dispatched, by its nonce, since `vm.recordLogs` and as of the last `collect`.
    mapping(uint256 source => mapping(uint256 destination => Message[])) internal sent;
    mapping(uint256 chain => mapping(uint64 epoch => SignerSet)) private _sets;

    /// @notice Tells whose keys stand behind an epoch.
    function enrol(uint256 chain, uint64 epoch, SignerSet memory set) internal {
        _sets[chain][epoch] = set;
    }

    function signersOf(uint256 chain, uint64 epoch) internal view returns (SignerSet memory) {
        return _sets[chain][epoch];
    }

    function activeEpoch(uint256 chain) internal view returns (uint64) {
        return gateways[chain].COMMITTEE().activeEpoch();
    }

    function routeOf(uint256 source, uint256 destination) internal view returns (Route memory) {
        return Route(source, address(gateways[source]), destination, address(gateways[destination]));
    }

    function leafOf(uint256 source, uint256 destination, Message memory message) internal view returns (bytes32) {
        return Trees.leafOf(routeOf(source, destination), message);
    }

    /// @notice Reads what gateways dispatched since the last call.
    function collect() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IGateway.Dispatched.selector) {
                _hear(logs[i]);
                continue;
            }
            (uint256 source, uint256 destination) = (_chainOf(logs[i].emitter), uint256(logs[i].topics[2]));
            Message memory message = abi.decode(logs[i].data, (Message));
            assert(message.nonce == sent[source][destination].length);
            sent[source][destination].push(message);
        }
    }

    /// @notice The collected messages `first` to `first + count - 1` of a route.
    function sentFrom(uint256 source, uint256 destination, uint256 first, uint256 count)
        internal
        view
        returns (Message[] memory messages)
    {
        messages = new Message[](count);
        for (uint256 i = 0; i < count; ++i) {
            messages[i] = sent[source][destination][first + i];
        }
    }

    /// @notice The batch of `messages` for the active epoch of its destination.
    function batchOf(uint256 source, uint256 destination, Message[] memory messages)
        internal
        view
        returns (Batch memory)
    {
        Route memory route = routeOf(source, destination);
        return Batch({
            sourceChain: source,
            sourceGateway: route.sourceGateway,
            destinationChain: destination,
            destinationGateway: route.destinationGateway,
            epoch: activeEpoch(destination),
            firstNonce: messages[0].nonce,
            count: uint32(messages.length),
            root: Trees.rootOf(Trees.leavesOf(route, messages)),
            sourceHeight: uint64(vm.getBlockNumber()),
            sourceBlockHash: keccak256("source block"),
            sourceTime: uint64(vm.getBlockTimestamp())
        });
    }

    function digestOf(Batch memory batch) internal view returns (bytes32) {
        bytes32 domain =
            BatchDigest.domainSeparator(batch.destinationChain, address(gateways[batch.destinationChain]), GENESIS);
        return BatchDigest.digestOf(domain, batch);
    }

    /// @notice A quorum of the batch's own epoch.
    function certify(Batch memory batch) internal view returns (bytes memory) {
        return Signers.certify(_sets[batch.destinationChain][batch.epoch], digestOf(batch));
    }

    /// @notice Delivers `messages` as one batch.
    function deliver(uint256 source, uint256 destination, Message[] memory messages) internal {
        Batch memory batch = batchOf(source, destination, messages);
        bytes memory certificate = certify(batch);
        vm.chainId(destination);
        gateways[destination].deliver(batch, messages, certificate);
    }

    /// @notice Delivers one message as a batch of its own.
    function deliver(uint256 source, uint256 destination, Message memory message) internal {
        deliver(source, destination, only(message));
    }

    /// @notice Delivers message `index` of the batch of `messages` with its proof.
    function deliverOne(uint256 source, uint256 destination, Message[] memory messages, uint256 index) internal {
        Batch memory batch = batchOf(source, destination, messages);
        bytes memory certificate = certify(batch);
        bytes32[] memory proof = Trees.proofOf(Trees.leavesOf(routeOf(source, destination), messages), index);
        vm.chainId(destination);
        gateways[destination].deliverOne(batch, messages[index], proof, certificate);
    }

    function only(Message memory message) internal pure returns (Message[] memory messages) {
        messages = new Message[](1);
        messages[0] = message;
    }

    /// @notice A TRANSFER whose running total is as if everything before had been of the same amount.
    function transferOf(uint64 nonce, address asset, address sender, address recipient, uint128 amount)
        internal
        pure
        returns (Message memory)
    {
        return Message(Kind.TRANSFER, nonce, asset, sender, recipient, amount, (nonce + 1) * amount, "");
    }

    function _chainOf(address gateway) internal view virtual returns (uint256);

    /// @dev Told of every other event, in order.
    function _hear(Vm.Log memory) internal virtual {}
}

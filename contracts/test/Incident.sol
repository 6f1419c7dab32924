// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Bounds, FlowLimits} from "../src/common/IBrakes.sol";
import {Batch, Kind, Message} from "../src/common/Protocol.sol";
import {RemoteGateway} from "../src/remote/RemoteGateway.sol";
import {WrappedJGB} from "../src/remote/WrappedJGB.sol";
import {Bridge} from "./Bridge.sol";
import {SignerSet, Signers} from "./Signers.sol";
import {Trees} from "./Trees.sol";

/// @notice A whole bridge of 5 out of 7, and somebody who wants what is not theirs.
abstract contract Incident is Bridge {
    using Signers for SignerSet;

    uint64 internal constant FIRST = 2; // nonce behind the two announcements
    uint128 internal constant OKU = 100_000_000;
    uint16 internal constant LIMIT = 10; // oku that come in within `FLOW_PERIOD`; what is larger waits
    uint128 internal constant MOST = LIMIT * OKU;

    address internal immutable THIEF = _account("thief");

    RemoteGateway internal gateway;
    WrappedJGB internal wrapped;

    function setUp() public virtual {
        deployBridge(Signers.make(7, 5, "operators"));
        gateway = remotes[REMOTE];
        wrapped = wrappedOf(bond, REMOTE);
        vm.chainId(REMOTE);
    }

    function bounds() internal pure virtual override returns (Bounds memory) {
        return
            Bounds(RETURN_DELAY, VETO_DELAY, FLOW_PERIOD, MAX_PAUSE, FlowLimits(LIMIT, 65_535, LIMIT), WATCH, OFFICERS);
    }

    /// @notice Pays the thief, and no source has ever sent it. Its running total leaves room for anything.
    function forgery(uint64 nonce, uint128 amount) internal view returns (Message memory) {
        return Message(Kind.TRANSFER, nonce, address(bond), THIEF, THIEF, amount, type(uint56).max, "");
    }

    /// @notice An honest lock of ALICE for BOB.
    function locked(uint128 amount) internal returns (Message memory) {
        uint256 nonce = sent[HOME][REMOTE].length;
        lock(bond, ALICE, amount, REMOTE, BOB);
        vm.chainId(REMOTE);
        return sent[HOME][REMOTE][nonce];
    }

    /// @notice Tries to deliver with the signatures of so many members, as whoever.
    /// @return done Whether it went through, and the selector of the error if it did not.
    function tryDeliver(uint256 source, uint256 destination, Message[] memory messages, uint256 signatures)
        internal
        returns (bool done, bytes4 refusal)
    {
        Batch memory batch = batchOf(source, destination, messages);
        return tryDeliver(batch, messages, _signed(batch, signatures));
    }

    function tryDeliver(Batch memory batch, Message[] memory messages, bytes memory certificate)
        internal
        returns (bool done, bytes4 refusal)
    {
        vm.chainId(batch.destinationChain);
        bytes memory answer;
        (done, answer) = address(gateways[batch.destinationChain])
            .call(abi.encodeCall(gateway.deliver, (batch, messages, certificate)));
        refusal = bytes4(answer);
    }

    function tryDeliverOne(Batch memory batch, Message memory message, bytes32[] memory proof, bytes memory certificate)
        internal
        returns (bool done, bytes4 refusal)
    {
        vm.chainId(batch.destinationChain);
        bytes memory answer;
        (done, answer) = address(gateways[batch.destinationChain])
            .call(abi.encodeCall(gateway.deliverOne, (batch, message, proof, certificate)));
        refusal = bytes4(answer);
    }

    function proofOf(uint256 source, uint256 destination, Message[] memory messages, uint256 index)
        internal
        view
        returns (bytes32[] memory)
    {
        return Trees.proofOf(Trees.leavesOf(routeOf(source, destination), messages), index);
    }

    function reasonOf(uint256 source, uint256 destination, Message memory message)
        internal
        view
        returns (uint8 reason)
    {
        (,, reason) = gateways[destination].held(leafOf(source, destination, message));
    }

    function pauseAll(uint256 chain, uint256 other, address guardian, uint8 directions, uint32 duration) internal {
        address[] memory assets = new address[](2);
        (assets[0], assets[1]) = (address(bond), address(bill));
        vm.chainId(chain);
        vm.prank(guardian);
        gateways[chain].pause(other, assets, directions, duration);
    }

    function assertRefused(bool done, bytes4 refusal, bytes4 expected, string memory what) internal pure {
        vm.assertFalse(done, what);
        vm.assertEq(bytes32(refusal), bytes32(expected), what);
    }

    function _signed(Batch memory batch, uint256 signatures) private view returns (bytes memory) {
        return signersOf(batch.destinationChain, batch.epoch).certifyBy(digestOf(batch), 0, signatures);
    }
}

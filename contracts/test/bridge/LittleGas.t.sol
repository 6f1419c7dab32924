// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms} from "../../src/common/BondTerms.sol";
import {Batch, Message} from "../../src/common/Protocol.sol";
import {JGBToken} from "../../src/home/JGBToken.sol";
import {Bridge} from "../Bridge.sol";
import {SignerSet, Signers} from "../Signers.sol";
import {Trees} from "../Trees.sol";

/// @notice A delivery with too little gas does nothing at all, and can be made again: never HELD, never half executed.
contract LittleGasTest is Bridge {
    using Signers for SignerSet;

    uint64 private constant FIRST = 2; // nonce behind the two announcements

    function setUp() external {
        deployBridge(Signers.make(4, 3, "operators"));
    }

    function test_mints_with_too_little_gas(uint24 gas) external {
        lock(bond, ALICE, LOT, REMOTE, BOB);
        lock(bill, ALICE, LOT, REMOTE, BOB);
        lock(bond, ALICE, LOT, REMOTE, STRANGER);
        _assertAllOrNothing(HOME, REMOTE, FIRST, 3, bound(gas, 0, 400_000));
        vm.assertEq(wrappedOf(bond, REMOTE).totalSupply(), 2 * LOT, "bonds");
        vm.assertEq(wrappedOf(bill, REMOTE).totalSupply(), LOT, "bills");
    }

    function test_mints_with_any_gas_there_is() external {
        lock(bond, ALICE, LOT, REMOTE, BOB);
        lock(bill, ALICE, LOT, REMOTE, BOB);
        uint256 id = vm.snapshotState();
        for (uint256 gas = 5_000; gas < 300_000; gas += 997) {
            _assertAllOrNothing(HOME, REMOTE, FIRST, 2, gas);
            vm.revertToState(id);
        }
    }

    function test_an_announcement_with_too_little_gas(uint24 gas) external {
        _announceThird();
        _assertAllOrNothing(HOME, REMOTE, FIRST, 1, bound(gas, 0, 2_500_000));
        vm.assertTrue(remotes[REMOTE].wrappedOf(home.assetOf("JP1103521JA8")).code.length != 0, "deployed");
    }

    function test_a_rotation_with_too_little_gas(uint24 gas) external {
        SignerSet memory next = Signers.make(5, 3, "second");
        bytes memory members = next.members();
        bytes32 hash = signersOf(REMOTE, 1).setHash();
        vm.chainId(HOME);
        vm.prank(GOVERNOR);
        home.rotate(REMOTE, hash, 2, 3, members);
        collect();
        _assertAllOrNothing(HOME, REMOTE, FIRST, 1, bound(gas, 0, 400_000));
        vm.warp(NOW + ACTIVATION_DELAY);
        vm.assertEq(activeEpoch(REMOTE), 2, "rotated");
    }

    function test_a_release_with_too_little_gas(uint24 gas) external {
        lock(bond, ALICE, 2 * LOT, REMOTE, BOB);
        deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST]);
        burn(bond, BOB, LOT, REMOTE, STRANGER);
        burn(bond, BOB, LOT, REMOTE, STRANGER);
        _assertAllOrNothing(REMOTE, HOME, 0, 2, bound(gas, 0, 400_000));
        vm.assertEq(bond.balanceOf(STRANGER), 2 * LOT, "released");
    }

    function test_a_return_with_too_little_gas(uint24 gas) external {
        JGBToken third = _announceThird();
        lock(third, ALICE, LOT, REMOTE, BOB);
        Message memory message = sent[HOME][REMOTE][FIRST + 1];
        deliver(HOME, REMOTE, message);
        vm.warp(NOW + RETURN_DELAY);
        vm.chainId(REMOTE);
        bytes memory call = abi.encodeCall(remotes[REMOTE].sendBack, (HOME, message));
        (bool done,) = address(remotes[REMOTE]).call{gas: bound(gas, 0, 300_000)}(call);
        if (!done) {
            vm.getRecordedLogs(); // forge records what a reverted call emitted, too
            remotes[REMOTE].sendBack(HOME, message);
        }
        collect();
        _assertAllOrNothing(REMOTE, HOME, 0, 1, bound(gas, 0, 300_000));
        vm.assertEq(third.balanceOf(ALICE), LOT, "returned");
    }

    function test_a_single_mint_with_too_little_gas(uint24 gas) external {
        lock(bond, ALICE, LOT, REMOTE, BOB);
        lock(bond, ALICE, LOT, REMOTE, BOB);
        Message[] memory messages = sentFrom(HOME, REMOTE, FIRST, 2);
        Batch memory batch = batchOf(HOME, REMOTE, messages);
        bytes32[] memory proof = Trees.proofOf(Trees.leavesOf(routeOf(HOME, REMOTE), messages), 1);
        bytes memory call = abi.encodeCall(remotes[REMOTE].deliverOne, (batch, messages[1], proof, certify(batch)));
        _assertAllOrNothing(call, HOME, REMOTE, FIRST + 1, 1, bound(gas, 0, 300_000));
        vm.assertEq(wrappedOf(bond, REMOTE).totalSupply(), LOT, "minted");
    }

    function _announceThird() private returns (JGBToken third) {
        third = new JGBToken(_thirdTerms(), ISSUER);
        announce(third, REMOTE);
    }

    function _assertAllOrNothing(uint256 source, uint256 destination, uint256 first, uint256 count, uint256 gas)
        private
    {
        Message[] memory messages = sentFrom(source, destination, first, count);
        Batch memory batch = batchOf(source, destination, messages);
        bytes memory call = abi.encodeCall(gateways[destination].deliver, (batch, messages, certify(batch)));
        _assertAllOrNothing(call, source, destination, first, count, gas);
    }

    function _assertAllOrNothing(
        bytes memory call,
        uint256 source,
        uint256 destination,
        uint256 first,
        uint256 count,
        uint256 gas
    ) private {
        vm.chainId(destination);
        (bool done,) = address(gateways[destination]).call{gas: gas}(call);
        if (!done) {
            for (uint256 i = 0; i < count; ++i) {
                vm.assertFalse(gateways[destination].isConsumed(source, uint64(first + i)), "consumed");
            }
            (done,) = address(gateways[destination]).call(call);
        }
        vm.assertTrue(done, "delivered");
        for (uint256 i = 0; i < count; ++i) {
            vm.assertTrue(gateways[destination].isConsumed(source, uint64(first + i)), "consumed");
            (, uint48 heldAt,) =
                gateways[destination].held(gateways[source].outboundLeaf(destination, uint64(first + i)));
            vm.assertEq(heldAt, 0, "held");
        }
    }

    function _thirdTerms() private pure returns (BondTerms memory terms) {
        terms = bondTerms();
        terms.isin = "JP1103521JA8";
    }
}

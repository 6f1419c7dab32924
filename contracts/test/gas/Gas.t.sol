// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Batch, Message} from "../../src/common/Protocol.sol";
import {RemoteGateway} from "../../src/remote/RemoteGateway.sol";
import {Bridge} from "../Bridge.sol";
import {SignerSet, Signers} from "../Signers.sol";
import {Route, Trees} from "../Trees.sol";

/// @notice What users and relayers pay: whole transactions, each on cold storage (run with `--isolate`).
contract GasTest is Bridge {
    function test_what_deliveries_cost_5_of_7() external {
        _measureDeliveries(Signers.make(7, 5, "operators"), "deliver-5-of-7");
    }

    function test_what_deliveries_cost_13_of_19() external {
        _measureDeliveries(Signers.make(19, 13, "operators"), "deliver-13-of-19");
    }

    /// @dev A transaction may not exceed 2^24 gas (EIP-7825). Every message carries the longest reference a user may
    /// give, pays a holder of its own, and in the second batch every one is held and stored.
    function test_the_worst_batch_fits_a_transaction() external {
        SignerSet memory set = Signers.make(19, 13, "operators");
        deployBridge(set);
        bytes memory longest = new bytes(512);
        for (uint256 i = 0; i < longest.length; ++i) {
            longest[i] = 0xff;
        }
        _deliverTo(0, 128, longest);
        vm.assertLe(vm.snapshotGasLastCall("deliver-13-of-19", "128 new, longest references"), 14_000_000, "executed");
        RemoteGateway gateway = remotes[REMOTE];
        vm.prank(GOVERNOR);
        gateway.setCap(address(bond), 0);
        _deliverTo(200, 128, longest);
        vm.assertLe(vm.snapshotGasLastCall("deliver-13-of-19", "128 held, longest references"), 14_000_000, "held");
    }

    function _measureDeliveries(SignerSet memory set, string memory name) private {
        deployBridge(set);
        _deliverTo(0, 1); // first mint of the asset, and of a word of nonces
        vm.snapshotGasLastCall(name, "first mint of all");
        _deliverTo(1, 1);
        vm.snapshotGasLastCall(name, "1 new");
        _deliverTo(1, 1);
        vm.snapshotGasLastCall(name, "1 existing");
        _deliverTo(100, 8);
        vm.snapshotGasLastCall(name, "8 new");
        _deliverTo(100, 8);
        vm.snapshotGasLastCall(name, "8 existing");
        _deliverTo(200, 64);
        vm.snapshotGasLastCall(name, "64 new");
        _deliverTo(200, 64);
        vm.snapshotGasLastCall(name, "64 existing");
        _deliverTo(300, 128);
        vm.snapshotGasLastCall(name, "128 new");
        _deliverTo(300, 128);
        vm.snapshotGasLastCall(name, "128 existing");
    }

    function _deliverTo(uint160 firstHolder, uint256 count) private {
        _deliverTo(firstHolder, count, "");
    }

    function _deliverTo(uint160 firstHolder, uint256 count, bytes memory userReference) private {
        uint256 nonce = sent[HOME][REMOTE].length;
        fund(bond, ALICE, count * 100 * LOT);
        vm.chainId(HOME);
        for (uint160 i = 0; i < count; ++i) {
            vm.prank(ALICE);
            home.lock(
                address(bond),
                100 * LOT,
                REMOTE,
                address(uint160(uint256(keccak256(abi.encode(firstHolder + i))))),
                userReference
            );
        }
        collect();
        deliver(HOME, REMOTE, sentFrom(HOME, REMOTE, nonce, count));
    }
}

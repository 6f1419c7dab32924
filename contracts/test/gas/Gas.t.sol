// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Batch, Message} from "../../src/common/Protocol.sol";
import {Bridge} from "../Bridge.sol";
import {SignerSet, Signers} from "../Signers.sol";
import {Route, Trees} from "../Trees.sol";

/// @notice What users and relayers pay: whole transactions, each on cold storage (run with `--isolate`).
contract GasTest is Bridge {
    function test_what_deliveries_cost_5_of_7() external {
        _measureDeliveries(Signers.make(7, 5, "operators"), "5 of 7");
    }

    function test_what_deliveries_cost_13_of_19() external {
        _measureDeliveries(Signers.make(19, 13, "operators"), "13 of 19");
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
        uint256 nonce = sent[HOME][REMOTE].length;
        fund(bond, ALICE, count * 100 * LOT);
        vm.chainId(HOME);
        for (uint160 i = 0; i < count; ++i) {
            vm.prank(ALICE);
            home.lock(
                address(bond), 100 * LOT, REMOTE, address(uint160(uint256(keccak256(abi.encode(firstHolder + i))))), ""
            );
        }
        collect();
        deliver(HOME, REMOTE, sentFrom(HOME, REMOTE, nonce, count));
    }
}

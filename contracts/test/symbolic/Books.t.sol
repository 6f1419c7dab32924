// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Message} from "../../src/common/Protocol.sol";
import {HomeEnd} from "./Sides.sol";

/// @notice What a quorum that signs anything can draw.
contract ReleaseChecks is HomeEnd {
    function setUp() public {
        deploy();
        committee.certify(true);
    }

    /// @dev The book of one remote is out of reach of another.
    function check_a_release_leaves_other_books_alone(Message memory message, uint256 chain, uint96 other) external {
        vm.assume(chain != REMOTE);
        home.setBook(REMOTE, address(bond), type(uint96).max);
        home.setEscrow(address(bond), FUNDS);
        home.setBook(chain, address(bond), other);
        deliver(message);
        assert(home.locked(chain, address(bond)) == other);
    }

    /// @dev What is in order is paid, and once.
    function check_a_message_within_everything_is_paid_once(uint64 nonce, address recipient, uint128 amount) external {
        vm.assume(amount != 0 && amount <= 10_000e8 && amount % 50_000 == 0);
        vm.assume(recipient != address(home) && recipient != address(bond) && recipient != address(0));
        home.setBook(REMOTE, address(bond), type(uint96).max);
        home.setEscrow(address(bond), FUNDS);
        Message memory message = Message(1, nonce, address(bond), address(1), recipient, amount, amount, "");
        assert(deliver(message));
        assert(bond.balanceOf(recipient) == amount);
        assert(deliver(message)); // a second time it is skipped
        assert(bond.balanceOf(recipient) == amount);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice OpenZeppelin's timelock: the council proposes and cancels, anybody executes after the delay, nobody is its
///         administrator but itself.
contract Timelock is TimelockController {
    constructor(uint256 minDelay, address council)
        TimelockController(minDelay, _one(council), _one(address(0)), address(0))
    {}

    function _one(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}

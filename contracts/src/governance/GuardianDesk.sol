// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IBrakes} from "../common/IBrakes.sol";
import {ICommittee} from "../common/ICommittee.sol";
import {Message} from "../common/Protocol.sol";

/// @notice People on duty, any of whom may do what gateways let this desk do: pause, or pause and veto. Nothing else.
contract GuardianDesk {
    address public immutable GOVERNOR;
    mapping(address person => bool) public isOnDuty;

    event DutySet(address indexed person, bool isOnDuty);

    error NotGovernor(address caller);
    error NotOnDuty(address caller);

    constructor(address governor, address[] memory people) {
        GOVERNOR = governor;
        for (uint256 i = 0; i < people.length; ++i) {
            _set(people[i], true);
        }
    }

    modifier onDuty() {
        if (!isOnDuty[msg.sender]) revert NotOnDuty(msg.sender);
        _;
    }

    /// @notice Puts a person on duty, or takes one off. Only the governor.
    function setDuty(address person, bool isOnDuty_) external {
        if (msg.sender != GOVERNOR) revert NotGovernor(msg.sender);
        _set(person, isOnDuty_);
    }

    /// @notice Pauses assets on a route, see `IBrakes.pause`.
    function pause(IBrakes gateway, uint256 chain, address[] calldata assets, uint8 directions, uint32 duration)
        external
        onDuty
    {
        gateway.pause(chain, assets, directions, duration);
    }

    /// @notice Vetoes a delayed transfer, see `IBrakes.veto`.
    function veto(IBrakes gateway, uint256 sourceChain, Message calldata message)
        external
        onDuty
        returns (bytes32 returnLeaf)
    {
        return gateway.veto(sourceChain, message);
    }

    /// @notice Vetoes a scheduled committee, see `ICommittee.veto`.
    function vetoEpoch(ICommittee committee, uint64 epoch) external onDuty {
        committee.veto(epoch);
    }

    function _set(address person, bool isOnDuty_) private {
        isOnDuty[person] = isOnDuty_;
        emit DutySet(person, isOnDuty_);
    }
}

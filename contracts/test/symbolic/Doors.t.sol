// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {RemoteEnd} from "./Sides.sol";

/// @notice No call of any function by anybody, officers included, moves anything that no quorum certified.
contract RemoteDoorChecks is RemoteEnd {
    function setUp() public {
        deploy();
        committee.certify(false);
    }

    function check_the_gateway_mints_nothing_without_a_quorum(address caller) external {
        bytes memory data = svm.createCalldata("RemoteGateway");
        vm.prank(caller);
        (bool done,) = address(gateway).call(data);
        done;
        assert(wrapped.totalSupply() == 0);
    }

    function check_the_token_mints_for_its_gateway_alone(address caller) external {
        vm.assume(caller != address(gateway));
        bytes memory data = svm.createCalldata("WrappedJGB");
        vm.prank(caller);
        (bool done,) = address(wrapped).call(data);
        done;
        assert(wrapped.totalSupply() == 0);
    }
}

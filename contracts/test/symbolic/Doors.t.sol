// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Direction} from "../../src/common/IBrakes.sol";
import {Batch, Message} from "../../src/common/Protocol.sol";
import {HomeGateway} from "../../src/home/HomeGateway.sol";
import {OpenHome} from "./OpenHome.sol";
import {HomeEnd, RemoteEnd} from "./Sides.sol";

/// @notice Without a quorum nothing that is delivered at home, or said to wait there, is paid.
contract HomeQuorumChecks is HomeEnd {
    function setUp() public {
        deploy();
    }

    function check_no_batch_passes(Batch memory batch, Message memory message, bytes memory certificate) external {
        Message[] memory messages = new Message[](1);
        messages[0] = message;
        _fails(abi.encodeCall(home.deliver, (batch, messages, certificate)));
    }

    function check_no_message_of_a_batch_passes(Batch memory batch, Message memory message, bytes memory certificate)
        external
    {
        _fails(abi.encodeCall(home.deliverOne, (batch, message, new bytes32[](0), certificate)));
    }

    function check_nothing_waits_that_did_not_arrive(address caller, uint256 chain, Message memory message) external {
        vm.prank(caller);
        _fails(abi.encodeCall(home.retry, (chain, message)));
        vm.prank(caller);
        _fails(abi.encodeCall(home.sendBack, (chain, message)));
        vm.prank(caller);
        _fails(abi.encodeCall(home.veto, (chain, message)));
    }

    function _fails(bytes memory call) private {
        (bool done,) = address(home).call(call);
        assert(!done);
    }
}

/// @notice No call of any function by anybody, officers included, moves anything that no quorum certified.
/// @dev Takes minutes, so that it is among the deep checks.
contract HomeDoorChecks is HomeEnd {
    uint128 private constant BOOK = 1e12;
    address private constant HOLDER = address(0x95);

    function setUp() public {
        deploy();
        vm.prank(ISSUER);
        bond.issue(HOLDER, BOOK);
        vm.prank(HOLDER);
        bond.approve(address(home), BOOK);
        vm.prank(HOLDER);
        home.lock(address(bond), BOOK, REMOTE, HOLDER, "");
        address[] memory assets = new address[](1);
        assets[0] = address(bond);
        vm.prank(WATCH);
        home.pause(REMOTE, assets, Direction.INBOUND | Direction.OUTBOUND, MAX_PAUSE);
        vm.warp(NOW + 1);
    }

    /// @dev The gateway as it is: inner doors that stood open would be found.
    function makeHome() internal override returns (OpenHome) {
        return OpenHome(address(new HomeGateway(committee, GOVERNOR, REGISTRAR, GENESIS, bounds())));
    }

    /// @dev The registrar is left out: what it announces is foreign code.
    function check_nothing_is_released_without_a_quorum(address caller) external {
        vm.assume(caller != REGISTRAR);
        bytes memory data = svm.createCalldata("HomeGateway");
        vm.prank(caller);
        (bool done,) = address(home).call(data);
        done;
        assert(home.locked(REMOTE, address(bond)) >= BOOK);
        assert(home.escrowed(address(bond)) >= BOOK);
        assert(bond.balanceOf(address(home)) >= FUNDS + BOOK);
        if (caller == GOVERNOR) return;
        assert(home.pausedUntil(REMOTE, address(bond), Direction.INBOUND) >= NOW + MAX_PAUSE);
        assert(home.pausedUntil(REMOTE, address(bond), Direction.OUTBOUND) >= NOW + MAX_PAUSE);
    }
}

/// @notice The same on a public chain, for the gateway and for its tokens.
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

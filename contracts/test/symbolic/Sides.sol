// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BondTerms, BondType} from "../../src/common/BondTerms.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Leaves} from "../../src/common/Leaves.sol";
import {Batch, Kind, Message} from "../../src/common/Protocol.sol";
import {JGBToken} from "../../src/home/JGBToken.sol";
import {RemoteGateway} from "../../src/remote/RemoteGateway.sol";
import {WrappedJGB} from "../../src/remote/WrappedJGB.sol";
import {OpenHome} from "./OpenHome.sol";
import {StubCommittee, Symbolic} from "./Symbolic.sol";

/// @notice One end of a route, whose committee is a stub, with one bond.
abstract contract Side is Symbolic {
    StubCommittee internal committee;

    function bondTerms() internal pure returns (BondTerms memory) {
        return BondTerms("JP1103821S45", BondType.FIXED_COUPON, 382, 2_100, 1_776_006_000, 2_089_378_800, 50_000);
    }

    /// @notice Delivers one message as a batch of its own; whether it did not revert.
    function deliverOne(uint256 sourceChain, address source, IGateway gateway, Message memory message)
        internal
        returns (bool done)
    {
        bytes32 leaf = Leaves.leafOf(sourceChain, source, block.chainid, address(gateway), message);
        Batch memory batch =
            Batch(sourceChain, source, block.chainid, address(gateway), 1, message.nonce, 1, leaf, 1, bytes32(0), 1);
        (done,) = address(gateway).call(abi.encodeCall(gateway.deliverOne, (batch, message, new bytes32[](0), "")));
    }
}

abstract contract HomeEnd is Side {
    address internal constant REMOTE_GATEWAY = address(0x4e30);
    uint256 internal constant FUNDS = type(uint96).max;

    OpenHome internal home;
    JGBToken internal bond;

    function makeHome() internal virtual returns (OpenHome) {
        return new OpenHome(committee, GOVERNOR, REGISTRAR, GENESIS, bounds());
    }

    function deploy() internal {
        vm.warp(NOW);
        vm.roll(1_000);
        vm.chainId(HOME);
        committee = new StubCommittee();
        home = makeHome();
        bond = new JGBToken(bondTerms(), ISSUER);
        vm.prank(GOVERNOR);
        home.openRoute(REMOTE, REMOTE_GATEWAY, 1, 128, 1_000);
        vm.prank(REGISTRAR);
        home.announce(address(bond), REMOTE, 2e14);
        vm.prank(ISSUER);
        bond.issue(address(home), FUNDS);
    }

    function deliver(Message memory message) internal returns (bool) {
        return deliverOne(REMOTE, REMOTE_GATEWAY, home, message);
    }
}

abstract contract RemoteEnd is Side {
    address internal constant HOME_GATEWAY = address(0x403e);
    address internal constant BOND = address(0xb0d);

    RemoteGateway internal gateway;
    WrappedJGB internal wrapped;

    function deploy() internal {
        vm.warp(NOW);
        vm.roll(1_000);
        vm.chainId(REMOTE);
        committee = new StubCommittee();
        gateway = new RemoteGateway(committee, GOVERNOR, HOME, HOME_GATEWAY, GENESIS, bounds(), 1, 128);
        committee.certify(true);
        bytes memory terms = abi.encode(bondTerms(), uint256(2e14));
        assert(deliver(Message(Kind.ANNOUNCE, 0, BOND, REGISTRAR, address(0), 0, 0, terms)));
        wrapped = WrappedJGB(gateway.wrappedOf(BOND));
    }

    function deliver(Message memory message) internal returns (bool) {
        return deliverOne(HOME, HOME_GATEWAY, gateway, message);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Message} from "../../src/common/Protocol.sol";
import {Route} from "../../src/common/Wire.sol";
import {HomeGateway} from "../../src/home/HomeGateway.sol";
import {JGBToken} from "../../src/home/JGBToken.sol";
import {RemoteGateway} from "../../src/remote/RemoteGateway.sol";
import {Trees} from "../Trees.sol";
import {Test} from "../Vm.sol";
import {Handler} from "./Handler.sol";

/// @notice The invariants of INVARIANTS.md, looked at after every move.
/// @dev One campaign for all of them: forge would run one for each otherwise.
abstract contract Looks is Test {
    uint256 private constant HOME = 1_010_032;
    uint256[2] private REMOTES = [31_337, 31_338];

    /// @dev The remote of this index and those behind it are looked at as honest.
    uint256 internal honest;
    Handler internal handler;
    HomeGateway private home;
    JGBToken[2] private assets;

    mapping(bytes32 key => uint256) private _last;

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function _lookAtAll() internal {
        _inv01_units_are_conserved();
        _inv02_the_escrow_is_the_sum_of_the_books();
        _inv03_every_message_has_one_fate();
        _inv04_nothing_is_settled_that_was_not_sent();
        _inv06_no_remote_draws_more_than_was_locked_for_it();
        _inv07_counters_never_fall();
        _inv08_epochs_count_up();
        _inv09_more_than_half_must_sign();
        _inv12_what_was_returned_was_not_executed();
        vm.assertEq(handler.forgeries(), 0, "INV-13: a forgery went through");
        vm.assertEq(handler.breach(), "", handler.breach());
    }

    function _lookAt(Handler handler_) internal {
        handler = handler_;
        address gateway;
        (gateway, assets) = handler.homeSide();
        home = HomeGateway(gateway);
    }

    function _inv01_units_are_conserved() internal view {
        for (uint256 i = 0; i < 4; ++i) {
            if (i % 2 < honest) continue;
            (RemoteGateway remote, uint256 chain, address asset) = _pair(i);
            (, uint128 settledThere) = remote.received(HOME, asset);
            (, uint128 settledHere) = home.received(chain, asset);
            uint256 out = home.runningTotal(chain, asset) - settledThere;
            uint256 back = remote.runningTotal(HOME, asset) - settledHere;
            vm.assertEq(home.locked(chain, asset), _supply(remote, asset) + out + back, "INV-01: units");
        }
    }

    function _inv02_the_escrow_is_the_sum_of_the_books() internal view {
        for (uint256 i = 0; i < 2; ++i) {
            address asset = address(assets[i]);
            uint256 books = uint256(home.locked(REMOTES[0], asset)) + home.locked(REMOTES[1], asset);
            vm.assertEq(home.escrowed(asset), books, "INV-02: escrowed");
            vm.assertEq(assets[i].balanceOf(address(home)), books, "INV-02: escrow");
        }
    }

    /// @dev Not consumed, executed, held, or sent back; what was held may be executed or sent back later, once.
    function _inv03_every_message_has_one_fate() internal view {
        for (uint256 r = 0; r < 4; ++r) {
            if (r % 2 < honest) continue;
            (uint256 source, uint256 destination) = _route(r);
            uint256 count = handler.sentCount(source, destination);
            for (uint256 nonce = count > 12 ? count - 12 : 0; nonce < count; ++nonce) {
                _assertOneFate(source, destination, uint64(nonce));
            }
        }
    }

    function _assertOneFate(uint256 source, uint256 destination, uint64 nonce) private view {
        (IGateway there, IGateway here) = (handler.gatewayOf(source), handler.gatewayOf(destination));
        bytes32 leaf = there.outboundLeaf(destination, nonce);
        Route memory route = Route(source, address(there), destination, address(here));
        vm.assertEq(
            leaf, Trees.leafOf(route, handler.sentMessage(source, destination, nonce)), "INV-10: the recorded leaf"
        );
        Handler.Fate memory fate = handler.fateOf(leaf);
        (, uint48 heldAt,) = here.held(leaf);
        bool waits = heldAt != 0;
        vm.assertTrue(
            here.isConsumed(source, nonce) == (fate.executed + fate.held + fate.sentBack > 0), "INV-03: consumed"
        );
        vm.assertTrue(waits == (fate.held > fate.executed + fate.sentBack), "INV-11: held and nothing else");
        vm.assertLe(fate.executed + fate.sentBack, 1, "INV-03: executed or sent back");
        vm.assertTrue(fate.vetoed == 0 || fate.sentBack == 1, "INV-16: a veto sends back");
        vm.assertLe(fate.sentBack, fate.held, "INV-03: sent back from HELD");
    }

    function _inv04_nothing_is_settled_that_was_not_sent() internal view {
        for (uint256 i = 0; i < 4; ++i) {
            (RemoteGateway remote, uint256 chain, address asset) = _pair(i);
            (uint128 highest, uint128 settled) = remote.received(HOME, asset);
            vm.assertLe(settled, highest, "INV-04: settled on a remote");
            if (i % 2 >= honest) vm.assertLe(highest, home.runningTotal(chain, asset), "INV-04: sent by home");
            (highest, settled) = home.received(chain, asset);
            vm.assertLe(settled, highest, "INV-04: settled at home");
            if (i % 2 >= honest) vm.assertLe(highest, remote.runningTotal(HOME, asset), "INV-04: sent by a remote");
        }
    }

    function _inv06_no_remote_draws_more_than_was_locked_for_it() internal view {
        for (uint256 i = 0; i < 4; ++i) {
            (, uint256 chain, address asset) = _pair(i);
            uint256 locks = handler.sentByUsers(HOME, chain, asset);
            uint256 released = handler.paidFor(chain, HOME, asset);
            vm.assertEq(home.locked(chain, asset), locks - released, "INV-06: the book");
        }
    }

    function _inv07_counters_never_fall() internal {
        for (uint256 i = 0; i < 4; ++i) {
            (RemoteGateway remote, uint256 chain, address asset) = _pair(i);
            _neverFalls("out", i, home.runningTotal(chain, asset));
            _neverFalls("back", i, remote.runningTotal(HOME, asset));
            _neverFalls("nonce out", i, home.nextNonce(chain));
            _neverFalls("nonce back", i, remote.nextNonce(HOME));
            (uint128 highest, uint128 settled) = remote.received(HOME, asset);
            _neverFalls("highest", i, highest);
            _neverFalls("settled", i, settled);
        }
    }

    function _inv08_epochs_count_up() internal {
        for (uint256 i = 0; i < 3; ++i) {
            ICommittee committee = _committee(i);
            _neverFalls("epoch", i, committee.activeEpoch());
        }
    }

    function _inv09_more_than_half_must_sign() internal view {
        for (uint256 i = 0; i < 3; ++i) {
            ICommittee committee = _committee(i);
            (, uint8 threshold, bytes memory members) = committee.setOf(committee.activeEpoch());
            vm.assertTrue(2 * uint256(threshold) > members.length / 20, "INV-09: more than half");
        }
    }

    function _inv12_what_was_returned_was_not_executed() internal view {
        for (uint256 r = 0; r < 4; ++r) {
            if (r % 2 < honest) continue;
            (uint256 source, uint256 destination) = _route(r);
            uint256 count = handler.sentCount(source, destination);
            for (uint256 nonce = count > 12 ? count - 12 : 0; nonce < count; ++nonce) {
                bytes32 leaf = handler.gatewayOf(source).outboundLeaf(destination, uint64(nonce));
                Handler.Fate memory fate = handler.fateOf(leaf);
                bool returned = handler.gatewayOf(source).isReturned(leaf);
                vm.assertTrue(returned == (fate.returned == 1), "INV-12: marked");
                if (returned) vm.assertTrue(fate.executed == 0 && fate.sentBack == 1, "INV-12: or executed");
            }
        }
    }

    function _neverFalls(string memory what, uint256 index, uint256 value) private {
        bytes32 key = keccak256(abi.encode(what, index));
        vm.assertGe(value, _last[key], string.concat("INV-07, INV-08: ", what));
        _last[key] = value;
    }

    function _pair(uint256 index) private view returns (RemoteGateway remote, uint256 chain, address asset) {
        chain = REMOTES[index % 2];
        return (RemoteGateway(address(handler.gatewayOf(chain))), chain, address(assets[index / 2]));
    }

    function _route(uint256 index) private view returns (uint256, uint256) {
        uint256 chain = REMOTES[index % 2];
        return index < 2 ? (HOME, chain) : (chain, HOME);
    }

    function _committee(uint256 index) private view returns (ICommittee) {
        return handler.gatewayOf(index == 2 ? HOME : REMOTES[index]).COMMITTEE();
    }

    function _supply(RemoteGateway remote, address asset) private view returns (uint256) {
        return JGBToken(remote.wrappedOf(asset)).totalSupply();
    }
}

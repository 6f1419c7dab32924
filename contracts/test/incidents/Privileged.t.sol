// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Direction, FlowLimits, Right} from "../../src/common/IBrakes.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Payment} from "../../src/common/Payments.sol";
import {Kind, Message, Reason} from "../../src/common/Protocol.sol";
import {QuorumEcdsa} from "../../src/common/QuorumEcdsa.sol";
import {Action, Council} from "../../src/governance/Council.sol";
import {Timelock} from "../../src/governance/Timelock.sol";
import {HomeGateway} from "../../src/home/HomeGateway.sol";
import {IHomeGateway} from "../../src/home/IHomeGateway.sol";
import {IWrappedJGB} from "../../src/remote/IWrappedJGB.sol";
import {Incident} from "../Incident.sol";
import {SignerSet, Signers} from "../Signers.sol";

/// @notice Called by whom a message names, it would count.
contract Trap {
    uint256 public calls;

    fallback() external payable {
        ++calls;
    }
}

/// @notice What an upgrade looks like from outside.
contract Proxy {
    function run(address logic) external {
        (bool done,) = logic.delegatecall("");
        require(done);
    }
}

/// @notice Poly, Force Bridge, Griffin, ioTube, Echo: somebody had a right that nobody should have.
contract PrivilegedTest is Incident {
    using Signers for SignerSet;

    // --- What a message can do ---

    /// @dev The executor of messages owned the list of keepers, and a message could call it.
    function test_poly_2021_08_a_message_calls_nobody_and_changes_no_rule(
        uint8 kind,
        uint8 whom,
        bytes4 selector,
        bool atHome
    ) external {
        Trap trap = new Trap();
        address[8] memory targets = [
            address(trap),
            address(gateway.COMMITTEE()),
            address(gateway),
            address(home),
            address(homeCommittee),
            address(wrapped),
            address(bond),
            GOVERNOR
        ];
        (uint256 source, uint256 destination) = atHome ? (REMOTE, HOME) : (HOME, REMOTE);
        bytes memory call = abi.encodePacked(selector, abi.encode(uint8(1), uint256(0x40), uint256(20), THIEF));
        Message memory message = forgery(atHome ? 0 : FIRST, 0);
        (message.kind, message.recipient, message.data) = (kind % 8, targets[whom % 8], call);
        if (whom >= 128) message.asset = targets[whom % 8];
        if (message.kind == Kind.ANNOUNCE || message.kind == Kind.COMMITTEE) message.data = abi.encode(message.data);
        _assertChangesNoRule(source, destination, message);
        vm.assertEq(trap.calls(), 0, "a call");
    }

    function test_poly_2021_08_a_message_that_is_executed_gives_units_and_no_right(address whom, bool atHome) external {
        vm.assume(whom != address(0) && whom != address(home) && whom != address(bond));
        vm.assume(whom != address(gateway) && whom != address(wrapped));
        lock(bond, ALICE, OKU, REMOTE, BOB);
        (uint256 source, uint256 destination) = atHome ? (REMOTE, HOME) : (HOME, REMOTE);
        Message memory message = forgery(1 << 40, OKU);
        message.recipient = whom;
        _assertChangesNoRule(source, destination, message);
        vm.assertEq(reasonOf(source, destination, message), 0, "executed");
    }

    function test_poly_2021_08_no_message_gives_home_another_committee() external {
        SignerSet memory own = Signers.make(7, 5, "thief");
        bytes32 hash = signersOf(HOME, 1).setHash();
        Message memory message = forgery(0, 0);
        message.kind = Kind.COMMITTEE;
        message.data = abi.encodePacked(hash, uint256(2), uint256(5), own.members());
        deliver(REMOTE, HOME, message);
        vm.assertEq(reasonOf(REMOTE, HOME, message), Reason.KIND_UNKNOWN, "held");
        vm.warp(NOW + 2 * ACTIVATION_DELAY);
        vm.assertEq(activeEpoch(HOME), 1, "the same");
    }

    // --- Rights nobody has ---

    /// @dev An unlock that needed no proof, tried for six hours. Here a probe is a failed transaction with a name, which
    ///      the watchtower counts, and leaves nothing behind.
    function test_force_bridge_2025_06_probes_fail_by_name_and_leave_nothing() external {
        lock(bond, ALICE, MOST, REMOTE, BOB);
        vm.chainId(HOME);
        Message memory message = forgery(0, OKU);
        bytes32 before = _rules(message);
        vm.recordLogs();
        (bool done, bytes4 refusal) = tryDeliver(REMOTE, HOME, only(message), 0);
        assertRefused(done, refusal, QuorumEcdsa.SignatureCount.selector, "no proof");
        vm.startPrank(GOVERNOR); // whoever governs cannot unlock either
        vm.expectPartialRevert(IGateway.NotHeld.selector);
        home.retry(REMOTE, message);
        vm.expectPartialRevert(IGateway.NotHeld.selector);
        home.sendBack(REMOTE, message);
        vm.stopPrank();
        vm.assertEq(vm.getRecordedLogs().length, 0, "no event");
        vm.assertEq(bond.balanceOf(address(home)), MOST, "the escrow");
        vm.assertEq(_rules(message), before, "the rules");
    }

    /// @dev The bridge was being closed with all its money still in reach. A route that closes takes nothing in, and the
    ///      way out stays open, as narrow as governance makes it.
    function test_force_bridge_2025_06_a_route_that_closes_lets_out_and_nothing_in() external {
        deliver(HOME, REMOTE, locked(4 * OKU));
        Message memory message = locked(OKU);
        vm.startPrank(GOVERNOR);
        gateway.setFlowLimits(HOME, address(bond), FlowLimits(0, 65_535, 0));
        vm.chainId(HOME);
        home.setFlowLimits(REMOTE, address(bond), FlowLimits(2, 0, 1));
        vm.stopPrank();
        deliver(HOME, REMOTE, message);
        vm.assertEq(reasonOf(HOME, REMOTE, message), Reason.DELAYED, "nothing in");
        vm.warp(NOW + VETO_DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(IGateway.StillHeld.selector, leafOf(HOME, REMOTE, message), Reason.LIMIT)
        );
        gateway.retry(HOME, message);
        burn(bond, BOB, 4 * OKU, REMOTE, BOB);
        Message memory exit = sent[REMOTE][HOME][0];
        deliver(REMOTE, HOME, exit);
        vm.assertEq(reasonOf(REMOTE, HOME, exit), Reason.DELAYED, "in its time");
        vm.assertEq(bond.balanceOf(BOB), 0, "not yet");
        vm.startPrank(GOVERNOR);
        home.setFlowLimits(REMOTE, address(bond), FlowLimits(4, 0, 1));
        vm.stopPrank();
        vm.warp(NOW + 2 * VETO_DELAY);
        home.retry(REMOTE, exit);
        vm.assertEq(bond.balanceOf(BOB), 4 * OKU, "out");
    }

    // --- Peers and caps ---

    /// @dev A peer of the thief was registered, and minted more than there should be.
    function test_griffin_2025_09_a_peer_needs_the_delay_of_governance_and_never_changes() external {
        (HomeGateway governed, Council council, Timelock timelock, SignerSet memory seats) = _governed();
        bytes memory open = abi.encodeCall(governed.openRoute, (REMOTE, THIEF, 1, 128, 1));
        vm.prank(THIEF);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotGovernor.selector, THIEF));
        governed.openRoute(REMOTE, THIEF, 1, 128, 1);
        _act(council, seats, timelock, abi.encodeCall(timelock.schedule, (address(governed), 0, open, 0, 0, 2 days)));
        vm.warp(NOW + 2 days - 1);
        vm.expectRevert();
        timelock.execute(address(governed), 0, open, 0, 0);
        vm.warp(NOW + 2 days);
        timelock.execute(address(governed), 0, open, 0, 0);
        (address peer,,) = governed.route(REMOTE);
        vm.assertEq(peer, THIEF, "after the delay");
        open = abi.encodeCall(governed.openRoute, (REMOTE, STRANGER, 1, 128, 1));
        vm.prank(address(timelock));
        vm.expectRevert(abi.encodeWithSelector(IHomeGateway.RouteExists.selector, REMOTE));
        governed.openRoute(REMOTE, STRANGER, 1, 128, 1);
    }

    function test_griffin_2025_09_no_quorum_mints_above_the_cap(uint96[4] memory amounts) external {
        vm.prank(GOVERNOR);
        gateway.setCap(address(bond), uint96(2 * OKU));
        for (uint64 i = 0; i < 4; ++i) {
            deliver(HOME, REMOTE, forgery(FIRST + i, uint128(bound(amounts[i], 1, 3 * OKU))));
            vm.assertLe(wrapped.totalSupply(), 2 * OKU, "the cap");
        }
        deliver(HOME, REMOTE, forgery(FIRST + 4, 2 * OKU + 1));
        vm.assertLe(wrapped.totalSupply(), 2 * OKU, "the cap");
    }

    // --- Owners ---

    /// @dev One account upgraded the validator. Here nothing is upgraded, and no account alone decides.
    function test_iotube_2026_02_no_contract_runs_the_code_of_another() external {
        vm.assertTrue(_runsForeignCode(address(new Proxy())), "what it looks like");
        address[6] memory parts = [
            address(home),
            address(gateway),
            address(homeCommittee),
            address(gateway.COMMITTEE()),
            address(wrapped),
            address(bond)
        ];
        for (uint256 i = 0; i < parts.length; ++i) {
            vm.assertFalse(_runsForeignCode(parts[i]), vm.toString(i));
        }
    }

    function test_iotube_2026_02_one_account_alone_decides_nothing() external {
        (HomeGateway governed, Council council, Timelock timelock, SignerSet memory seats) = _governed();
        address member = vm.addr(seats.keys[2]);
        bytes memory data = abi.encodeCall(governed.setGuardian, (member, 3));
        vm.startPrank(member);
        vm.expectRevert();
        timelock.schedule(address(governed), 0, data, 0, 0, 2 days);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotGovernor.selector, member));
        governed.setGuardian(member, 3);
        Action[] memory actions = new Action[](1);
        actions[0] = Action(address(timelock), abi.encodeCall(timelock.grantRole, (timelock.PROPOSER_ROLE(), member)));
        bytes memory alone = seats.certifyBy(council.digestOf(0, actions), 2, 1);
        vm.expectRevert(abi.encodeWithSelector(QuorumEcdsa.SignatureCount.selector, 1, 3));
        council.act(actions, alone);
        vm.stopPrank();
        alone = seats.certify(council.digestOf(0, actions));
        vm.expectPartialRevert(Council.ActionFailed.selector);
        council.act(actions, alone); // nor do all together, without the delay
        vm.assertFalse(timelock.hasRole(timelock.PROPOSER_ROLE(), member), "a role");
    }

    /// @dev A key of an administrator minted. Every function of the token that may write is called from every office.
    function test_echo_2026_05_no_office_mints() external {
        deliver(HOME, REMOTE, locked(OKU));
        string[] memory signatures =
            vm.parseJsonKeys(vm.readFile("out/WrappedJGB.sol/WrappedJGB.json"), ".methodIdentifiers");
        address[9] memory offices = [
            GOVERNOR, GUARDIAN, REGISTRAR, ISSUER, WATCH, OFFICERS, address(gateway.COMMITTEE()), address(home), THIEF
        ];
        for (uint256 i = 0; i < signatures.length; ++i) {
            for (uint256 j = 0; j < offices.length; ++j) {
                bytes4 selector = bytes4(keccak256(bytes(signatures[i])));
                bytes memory words = abi.encode(offices[j], OKU, offices[j], OKU, 1, 1, 1, 1);
                vm.prank(offices[j]);
                (bool done,) = address(wrapped).call(abi.encodePacked(selector, words));
                done;
                vm.assertEq(wrapped.totalSupply(), OKU, signatures[i]);
            }
        }
        Payment[] memory payments = new Payment[](1);
        payments[0] = Payment.wrap(uint256(uint160(THIEF)) << 96 | OKU);
        vm.prank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(IWrappedJGB.NotGateway.selector, GOVERNOR));
        wrapped.crosschainMintMany(payments);
    }

    // --- A small government ---

    function _governed()
        private
        returns (HomeGateway governed, Council council, Timelock timelock, SignerSet memory seats)
    {
        vm.chainId(HOME);
        seats = Signers.make(5, 3, "council");
        council = new Council(3, seats.members());
        timelock = new Timelock(2 days, address(council));
        governed = new HomeGateway(homeCommittee, address(timelock), address(timelock), GENESIS, bounds());
    }

    function _act(Council council, SignerSet memory seats, Timelock timelock, bytes memory data) private {
        Action[] memory actions = new Action[](1);
        actions[0] = Action(address(timelock), data);
        council.act(actions, seats.certify(council.digestOf(council.nonce(), actions)));
    }

    function _assertChangesNoRule(uint256 source, uint256 destination, Message memory message) private {
        bytes32 before = _rules(message);
        vm.record();
        deliver(source, destination, message);
        vm.assertEq(_rules(message), before, "the rules");
        (, bytes32[] memory writes) = vm.accesses(address(gateways[destination].COMMITTEE()));
        vm.assertEq(writes.length, 0, "the committee");
    }

    /// @dev Everything that a thief would like to change, also for those whom his message names.
    function _rules(Message memory message) private view returns (bytes32) {
        (address counterpart,,) = home.route(REMOTE);
        bytes memory owners = abi.encode(
            gateway.GOVERNOR(), gateway.COMMITTEE(), home.GOVERNOR(), home.REGISTRAR(), home.COMMITTEE(), counterpart
        );
        address[5] memory people = [WATCH, OFFICERS, THIEF, message.sender, message.recipient];
        uint8[10] memory rights;
        for (uint256 i = 0; i < 5; ++i) {
            (rights[2 * i], rights[2 * i + 1]) = (gateway.rightsOf(people[i]), home.rightsOf(people[i]));
        }
        bytes memory flows = abi.encode(
            gateway.flowLimits(HOME, address(bond)),
            home.flowLimits(REMOTE, address(bond)),
            gateway.pausedUntil(HOME, address(bond), Direction.INBOUND),
            home.pausedUntil(REMOTE, address(bond), Direction.INBOUND),
            gateway.capOf(address(bond)),
            gateway.wrappedOf(address(bond))
        );
        (bytes32 there,,) = gateway.COMMITTEE().setOf(activeEpoch(REMOTE));
        (bytes32 here,,) = homeCommittee.setOf(activeEpoch(HOME));
        return keccak256(abi.encode(owners, rights, flows, there, here));
    }

    /// @dev Whether DELEGATECALL, CALLCODE or SELFDESTRUCT is among the instructions.
    function _runsForeignCode(address target) private view returns (bool) {
        bytes memory code = target.code;
        for (uint256 i = 0; i < code.length; ++i) {
            uint8 instruction = uint8(code[i]);
            if (instruction == 0xf4 || instruction == 0xf2 || instruction == 0xff) return true;
            if (instruction >= 0x60 && instruction <= 0x7f) i += instruction - 0x5f;
        }
        return false;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {EcdsaCommittee} from "../../src/common/EcdsaCommittee.sol";
import {Direction, FlowLimits} from "../../src/common/IBrakes.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Batch, Message, Reason} from "../../src/common/Protocol.sol";
import {QuorumEcdsa} from "../../src/common/QuorumEcdsa.sol";
import {Council} from "../../src/governance/Council.sol";
import {Incident} from "../Incident.sol";
import {SignerSet, Signers} from "../Signers.sol";

/// @notice Ronin 2022, Harmony, Multichain, Orbit, Ronin 2024: the keys were real, or none was asked for.
contract StolenKeysTest is Incident {
    using Signers for SignerSet;

    struct Loss {
        uint256 at;
        uint256 amount;
    }

    Message[] private _forged;
    Loss[] private _losses;

    // --- Fewer than a quorum ---

    /// @dev Five of nine keys, four of them with one company: here one short of the threshold is nothing.
    function test_ronin_2022_03_one_key_short_of_the_threshold_moves_nothing_on_either_side(uint8 stolen) external {
        lock(bond, ALICE, MOST, REMOTE, BOB);
        stolen = uint8(bound(stolen, 0, 4));
        Message[] memory mint = only(forgery(FIRST, OKU));
        (bool done, bytes4 refusal) = tryDeliver(HOME, REMOTE, mint, stolen);
        assertRefused(done, refusal, QuorumEcdsa.SignatureCount.selector, "mint");
        Message[] memory release = only(forgery(0, OKU));
        (done, refusal) = tryDeliver(REMOTE, HOME, release, stolen);
        assertRefused(done, refusal, QuorumEcdsa.SignatureCount.selector, "release");
        vm.assertEq(wrapped.totalSupply() + bond.balanceOf(THIEF), 0, "nothing moved");
    }

    /// @dev A stale delegation let one organisation sign as another. A key counts once, and only in a set that is active.
    function test_ronin_2022_03_no_organisation_counts_twice(uint8 whose) external {
        Message[] memory mint = only(forgery(FIRST, OKU));
        Batch memory batch = batchOf(HOME, REMOTE, mint);
        SignerSet memory set = signersOf(REMOTE, 1);
        bytes memory fourth = set.certifyBy(digestOf(batch), 0, 4);
        bytes memory again = set.certifyBy(digestOf(batch), bound(whose, 0, 3), 1);
        (bool done, bytes4 refusal) = tryDeliver(batch, mint, abi.encodePacked(fourth, again));
        assertRefused(done, refusal, QuorumEcdsa.SignerNotAscending.selector, "twice");
        bytes memory left = Signers.make(9, 5, "left the consortium").certifyBy(digestOf(batch), 8, 1);
        (done, refusal) = tryDeliver(batch, mint, abi.encodePacked(fourth, left));
        vm.assertFalse(done, "a key of nobody");
    }

    /// @dev Two keys of five were enough.
    function test_harmony_2022_06_half_of_the_keys_is_no_threshold(uint8 count, uint8 threshold) external {
        count = uint8(bound(count, 1, 9));
        threshold = uint8(bound(threshold, 0, count / 2));
        bytes memory members = Signers.make(count, threshold, "hot keys").members();
        bytes memory expected = abi.encodeWithSelector(ICommittee.SetRefused.selector, members.length, threshold);
        vm.expectRevert(expected);
        new EcdsaCommittee(GOVERNOR, GUARDIAN, address(gateway), ACTIVATION_DELAY, threshold, members);
        ICommittee committee = gateway.COMMITTEE();
        vm.prank(GOVERNOR);
        vm.expectRevert(expected);
        committee.replace(threshold, members);
        vm.expectRevert(abi.encodeWithSelector(Council.SetRefused.selector, members.length, threshold));
        new Council(threshold, members);
    }

    // --- A quorum ---

    /// @dev Seven of ten keys lay in one server domain. What they take in any time t is the limit and what it regains in
    ///      t, until somebody pauses; then nothing.
    /// forge-config: default.fuzz.runs = 64
    function test_orbit_2023_12_stolen_keys_mint_no_more_than_the_limit(
        uint96[6] memory amounts,
        uint32[6] memory waits,
        uint8 pausedAt
    ) external {
        _drain(HOME, REMOTE, amounts, waits, pausedAt);
    }

    /// forge-config: default.fuzz.runs = 64
    function test_orbit_2023_12_stolen_keys_release_no_more_than_the_limit(
        uint96[6] memory amounts,
        uint32[6] memory waits,
        uint8 pausedAt
    ) external {
        lock(bond, ALICE, 40 * OKU, REMOTE, BOB);
        _drain(REMOTE, HOME, amounts, waits, pausedAt);
    }

    /// @dev Two full limits would pass around midnight UTC, which is the Tokyo open, if days were counted.
    function test_orbit_2023_12_midnight_gives_no_second_limit() external {
        lock(bond, ALICE, 40 * OKU, REMOTE, BOB);
        for (uint256 side = 0; side < 2; ++side) {
            (uint256 source, uint256 destination, uint64 first) =
                side == 0 ? (HOME, REMOTE, FIRST + 1) : (REMOTE, HOME, uint64(0));
            uint256 midnight = (vm.getBlockTimestamp() / 1 days + 2) * 1 days;
            vm.warp(midnight - 1);
            deliver(source, destination, forgery(first, MOST));
            vm.warp(midnight);
            deliver(source, destination, forgery(first + 1, OKU));
            vm.warp(midnight + 1);
            deliver(source, destination, forgery(first + 2, OKU));
            vm.assertEq(_taken(destination), MOST, "one limit");
        }
    }

    /// @dev Each time round makes room for the next one, if only for half of it, and what leaves is owed at home: a claim
    ///      like any other by then.
    function test_orbit_2023_12_units_that_go_round_mint_no_more_than_twice_the_limit() external {
        uint256 minted = 0;
        for (uint64 i = 0; i < 40; ++i) {
            uint128 amount = _fit(gateway, HOME, Direction.INBOUND);
            if (amount == 0) break;
            deliver(HOME, REMOTE, forgery(100 + i, amount));
            minted += amount;
            burn(bond, THIEF, amount, REMOTE, THIEF);
        }
        vm.assertEq(wrapped.totalSupply(), 0, "all of it went round");
        vm.assertLe(minted, 2 * MOST, "twice the limit");
        vm.assertGe(minted, 2 * MOST - 4 * LOT, "which is what it comes to");
    }

    function test_orbit_2023_12_units_that_go_round_release_no_more_than_twice_the_limit() external {
        lock(bond, ALICE, 40 * OKU, REMOTE, BOB);
        uint256 released = 0;
        for (uint64 i = 0; i < 40; ++i) {
            uint128 amount = _fit(home, REMOTE, Direction.INBOUND);
            if (amount == 0) break;
            deliver(REMOTE, HOME, forgery(100 + i, amount));
            released += amount;
            vm.startPrank(THIEF);
            bond.approve(address(home), amount);
            home.lock(address(bond), amount, REMOTE, THIEF, "");
            vm.stopPrank();
        }
        vm.assertEq(bond.balanceOf(THIEF), 0, "all of it went round");
        vm.assertLe(released, 2 * MOST, "twice the limit");
        vm.assertGe(released, 2 * MOST - 4 * LOT, "which is what it comes to");
    }

    /// @dev A forged mint makes room to leave, likewise by half.
    function test_orbit_2023_12_units_that_go_round_leave_no_more_than_twice_the_limit() external {
        vm.prank(GOVERNOR);
        gateway.setFlowLimits(HOME, address(bond), FlowLimits(65_535, LIMIT, 65_535));
        deliver(HOME, REMOTE, forgery(99, MOST));
        uint256 burnt = 0;
        for (uint64 i = 0; i < 40; ++i) {
            uint128 amount = _fit(gateway, HOME, Direction.OUTBOUND);
            if (amount == 0) break;
            burn(bond, THIEF, amount, REMOTE, THIEF);
            burnt += amount;
            deliver(HOME, REMOTE, forgery(100 + i, amount));
        }
        vm.assertLe(burnt, 2 * MOST, "twice the limit");
        vm.assertGe(burnt, 2 * MOST - 4 * LOT, "which is what it comes to");
    }

    /// @dev What is larger than the rest waits until officers have seen it, and they send it back.
    function test_orbit_2023_12_a_large_release_waits_for_a_veto() external {
        lock(bond, ALICE, 40 * OKU, REMOTE, BOB);
        Message memory large = forgery(0, MOST + LOT);
        deliver(REMOTE, HOME, large);
        vm.assertEq(reasonOf(REMOTE, HOME, large), Reason.DELAYED, "delayed");
        vm.prank(OFFICERS);
        home.veto(REMOTE, large);
        vm.warp(NOW + 30 days);
        vm.expectRevert();
        home.retry(REMOTE, large);
        vm.assertEq(bond.balanceOf(THIEF), 0, "nothing");
    }

    // --- No operator ---

    /// @dev All shares of the key were in one person's reach, who disappeared. A user needs data that are public, and an
    ///      account: nobody who operates anything.
    function test_multichain_2023_07_a_user_leaves_without_an_operator() external {
        Message memory out = locked(4 * OKU);
        Message[] memory batch = sentFrom(HOME, REMOTE, 0, FIRST + 1);
        deliverOne(HOME, REMOTE, batch, FIRST); // by hand, from a file
        burn(bond, BOB, 3 * OKU, REMOTE, ALICE);
        deliverOne(REMOTE, HOME, sentFrom(REMOTE, HOME, 0, 1), 0);
        vm.assertEq(bond.balanceOf(ALICE), 3 * OKU, "released");
        lock(bond, ALICE, OKU, REMOTE, address(wrapped)); // a mistake
        out = sent[HOME][REMOTE][FIRST + 1];
        deliverOne(HOME, REMOTE, only(out), 0);
        vm.warp(NOW + RETURN_DELAY);
        vm.prank(ALICE);
        gateway.sendBack(HOME, out);
        collect();
        deliverOne(REMOTE, HOME, sentFrom(REMOTE, HOME, 0, 2), 1);
        vm.assertEq(bond.balanceOf(ALICE), 4 * OKU, "and the mistake comes back");
    }

    // --- A threshold that an upgrade forgot ---

    /// @dev An initializer was skipped and the minimum weight was zero. Here a set comes with its threshold or not at all,
    ///      and nothing else changes with it.
    function test_ronin_2024_08_a_new_set_changes_nothing_but_the_set(bool byMessage) external {
        deliver(HOME, REMOTE, locked(4 * OKU));
        deliver(HOME, REMOTE, forgery(90, OKU)); // leaves a total behind
        burn(bond, BOB, OKU, REMOTE, ALICE);
        vm.chainId(REMOTE);
        bytes32 before = _everythingButTheSet();
        ICommittee committee = gateway.COMMITTEE();
        SignerSet memory next = Signers.make(5, 4, "next");
        bytes memory members = next.members();
        if (byMessage) {
            bytes32 previous = signersOf(REMOTE, 1).setHash();
            vm.prank(GOVERNOR);
            home.rotate(REMOTE, previous, 2, 4, members);
            collect();
            deliver(HOME, REMOTE, sent[HOME][REMOTE][FIRST + 1]);
            vm.warp(NOW + ACTIVATION_DELAY);
        } else {
            vm.prank(GOVERNOR);
            committee.replace(4, members);
            vm.warp(NOW + ACTIVATION_DELAY);
        }
        enrol(REMOTE, 2, next);
        (, uint8 threshold, bytes memory stored) = committee.setOf(committee.activeEpoch());
        vm.assertTrue(threshold == 4 && keccak256(stored) == keccak256(members), "the set");
        vm.assertEq(_everythingButTheSet(), before, "everything else");
        (bool done, bytes4 refusal) = tryDeliver(HOME, REMOTE, only(forgery(91, LOT)), 3);
        assertRefused(done, refusal, QuorumEcdsa.SignatureCount.selector, "one short of the new threshold");
    }

    function test_ronin_2024_08_no_signature_is_never_enough() external {
        ICommittee committee = gateway.COMMITTEE();
        bytes memory members = signersOf(REMOTE, 1).members();
        vm.startPrank(GOVERNOR);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.SetRefused.selector, members.length, 0));
        committee.replace(0, members);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.SetRefused.selector, 0, 0));
        committee.replace(0, "");
        committee.revoke(1); // which is stored as a threshold of zero
        vm.stopPrank();
        (bool done, bytes4 refusal) = tryDeliver(HOME, REMOTE, only(forgery(FIRST, LOT)), 0);
        assertRefused(done, refusal, ICommittee.EpochIsRevoked.selector, "a revoked set");
    }

    // --- A quorum at work ---

    function _drain(
        uint256 source,
        uint256 destination,
        uint96[6] memory amounts,
        uint32[6] memory waits,
        uint8 pausedAt
    ) private {
        pausedAt %= 8; // or never
        uint256 atPause = 0;
        for (uint64 i = 0; i < amounts.length; ++i) {
            vm.warp(vm.getBlockTimestamp() + waits[i] % (FLOW_PERIOD / 3));
            if (i == pausedAt) {
                pauseAll(destination, source, WATCH, Direction.INBOUND, MAX_PAUSE);
                atPause = _taken(destination);
            }
            uint256 before = _taken(destination);
            _forged.push(forgery(10 + i, uint128(bound(amounts[i], 1, 12 * OKU))));
            deliver(source, destination, _forged[i]);
            _retryAll(source, destination);
            _losses.push(Loss(vm.getBlockTimestamp(), _taken(destination) - before));
            if (i >= pausedAt) vm.assertEq(_taken(destination), atPause, "paused");
        }
        _assertNoWindowLostMore();
    }

    function _retryAll(uint256 source, uint256 destination) private {
        for (uint256 i = 0; i < _forged.length; ++i) {
            if (reasonOf(source, destination, _forged[i]) == 0) continue;
            try gateways[destination].retry(source, _forged[i]) {} catch {}
        }
    }

    /// @dev In the same second no more than the limit; in a window of length t no more than what refills on top.
    function _assertNoWindowLostMore() private view {
        for (uint256 i = 0; i < _losses.length; ++i) {
            uint256 lost = 0;
            for (uint256 j = i; j < _losses.length; ++j) {
                lost += _losses[j].amount;
                uint256 time = _losses[j].at - _losses[i].at;
                vm.assertLe(lost, MOST + MOST * time / FLOW_PERIOD, "lost in a window");
            }
        }
    }

    function _fit(IGateway at, uint256 other, uint8 direction) private view returns (uint128) {
        (uint256 fits,) = at.preview(other, address(bond), direction, 0);
        return uint128(fits / LOT * LOT);
    }

    function _taken(uint256 chain) private view returns (uint256) {
        return chain == HOME ? bond.balanceOf(THIEF) : wrapped.balanceOf(THIEF);
    }

    function _everythingButTheSet() private view returns (bytes32) {
        (uint128 highest, uint128 settled) = gateway.received(HOME, address(bond));
        bytes memory counters = abi.encode(
            highest,
            settled,
            gateway.nextNonce(HOME),
            gateway.runningTotal(HOME, address(bond)),
            gateway.isConsumed(HOME, FIRST),
            gateway.isConsumed(HOME, 91),
            wrapped.totalSupply()
        );
        bytes memory rules = abi.encode(
            gateway.capOf(address(bond)),
            gateway.flowLimits(HOME, address(bond)),
            gateway.rightsOf(WATCH),
            gateway.rightsOf(OFFICERS),
            gateway.rightsOf(STRANGER),
            gateway.GOVERNOR(),
            gateway.wrappedOf(address(bond))
        );
        return keccak256(abi.encode(counters, rules));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Account, Accounts} from "../../src/common/Accounts.sol";
import {Direction, FlowLimits} from "../../src/common/IBrakes.sol";
import {HomeEnd} from "./Sides.sol";

/// @notice Limits and pauses, from every account that a gateway can have written.
contract BrakeChecks is HomeEnd {
    function setUp() public {
        deploy();
    }

    function check_what_is_packed_is_what_is_read(
        uint56 highestTotal,
        uint56 settled,
        uint48 inUsed,
        uint48 outUsed,
        uint8 paused
    ) external view {
        Account account = Accounts.pack(highestTotal, settled, inUsed, outUsed, block.timestamp, paused);
        assert(account.highestTotal() == highestTotal && account.settled() == settled && account.paused() == paused);
        (uint256 inNow, uint256 outNow) = account.drained(type(uint48).max, type(uint48).max, FLOW_PERIOD);
        assert(inNow == inUsed && outNow == outUsed);
    }

    function check_a_change_of_one_part_leaves_the_others(
        uint256 word,
        uint56 highestTotal,
        uint56 settled,
        uint48 inUsed,
        uint48 outUsed,
        uint8 directions
    ) external view {
        Account account = Account.wrap(word);
        uint256 changed = Account.unwrap(account.withTotals(highestTotal, settled));
        assert(changed >> 112 == word >> 112 && uint56(changed) == highestTotal && uint56(changed >> 56) == settled);
        changed = Account.unwrap(account.withPaused(directions));
        assert(uint240(changed) == uint240(word) && changed >> 240 == word >> 240 | directions);
        changed = Account.unwrap(account.withUsed(inUsed, outUsed));
        assert(uint112(changed) == uint112(word) && uint8(changed >> 240) == uint8(word >> 240));
        assert(uint32(changed >> 208) == block.timestamp);
    }

    function check_what_leaves_stays_within_the_limit(uint256 word, FlowLimits calldata limits, uint96 amount)
        external
    {
        _start(word, limits);
        (uint256 inUsed, uint256 outUsed) = home.usedOf(REMOTE, address(bond));
        (bool done,) = address(home).call(abi.encodeCall(home.meterOutbound, (REMOTE, address(bond), amount)));
        assert(done == (outUsed + amount <= uint256(limits.outbound) * 1e8)); // there has never been a pause
        (uint256 inAfter, uint256 outAfter) = home.usedOf(REMOTE, address(bond));
        assert(outAfter == (done ? outUsed + amount : outUsed));
        assert(inAfter == (!done ? inUsed : inUsed > amount / 2 ? inUsed - amount / 2 : 0)); // half flows back
    }

    function check_a_change_of_limits_gives_nothing_back(
        uint256 word,
        FlowLimits calldata old,
        FlowLimits calldata next
    ) external {
        _start(word, old);
        (uint256 inUsed, uint256 outUsed) = home.usedOf(REMOTE, address(bond));
        vm.prank(GOVERNOR);
        home.setFlowLimits(REMOTE, address(bond), next);
        (uint256 inAfter, uint256 outAfter) = home.usedOf(REMOTE, address(bond));
        assert(inAfter == inUsed && outAfter == outUsed);
    }

    /// @dev Nothing but time drains, and time never fills.
    function check_time_drains_at_most_what_was_used(uint256 word, FlowLimits calldata limits) external {
        _start(word, limits);
        (uint256 inUsed, uint256 outUsed) = home.usedOf(REMOTE, address(bond));
        assert(inUsed <= uint48(word >> 112) && outUsed <= uint48(word >> 160));
        if (uint32(word >> 208) == NOW) assert(inUsed == uint48(word >> 112) && outUsed == uint48(word >> 160));
    }

    function check_a_pause_holds_until_its_end(uint32 duration, uint32 later, uint8 directions, uint96 amount)
        external
    {
        vm.assume(duration <= MAX_PAUSE && later < duration);
        _pause(WATCH, directions, duration);
        vm.warp(NOW + later);
        bool isIn = directions & Direction.INBOUND != 0;
        bool isOut = directions & Direction.OUTBOUND != 0;
        assert(home.isPaused(REMOTE, address(bond), Direction.INBOUND) == isIn);
        assert(home.isPaused(REMOTE, address(bond), Direction.OUTBOUND) == isOut);
        (bool done,) = address(home).call(abi.encodeCall(home.meterOutbound, (REMOTE, address(bond), amount)));
        if (isOut) assert(!done);
    }

    function check_a_pause_ends(uint32 duration, uint8 directions) external {
        vm.assume(duration <= MAX_PAUSE);
        _pause(OFFICERS, directions, duration);
        vm.warp(NOW + duration);
        assert(!home.isPaused(REMOTE, address(bond), Direction.INBOUND));
        assert(!home.isPaused(REMOTE, address(bond), Direction.OUTBOUND));
    }

    function check_no_guardian_shortens_a_pause(uint32 first, uint32 later, uint32 second) external {
        vm.assume(first <= MAX_PAUSE && second <= MAX_PAUSE && later < first);
        _pause(OFFICERS, Direction.INBOUND, first);
        vm.warp(NOW + later);
        _pause(WATCH, Direction.INBOUND, second);
        assert(home.pausedUntil(REMOTE, address(bond), Direction.INBOUND) >= NOW + first);
    }

    /// @dev Any limits, and any account without a pause.
    function _start(uint256 word, FlowLimits calldata limits) private {
        vm.assume(uint32(word >> 208) <= NOW && word >> 240 == 0);
        vm.prank(GOVERNOR);
        home.setFlowLimits(REMOTE, address(bond), limits);
        home.setAccount(REMOTE, address(bond), word);
    }

    function _pause(address guardian, uint8 directions, uint32 duration) private {
        address[] memory assets = new address[](1);
        assets[0] = address(bond);
        vm.prank(guardian);
        home.pause(REMOTE, assets, directions, duration);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Handler} from "./Handler.sol";
import {Looks} from "./Looks.sol";
import {LyingHandler} from "./LyingHandler.sol";

contract BridgeInvariants is Looks {
    function setUp() external {
        _lookAt(new Handler());
    }

    function invariant_the_bridge_keeps_its_books() external {
        _lookAtAll();
    }

    /// @dev One long way by chance, to see that the campaign meets what it is about.
    function test_a_long_walk_meets_every_fate() external {
        bytes4[16] memory moves = [
            Handler.lockUnits.selector,
            Handler.lockUnits.selector,
            Handler.lockUnits.selector,
            Handler.burnUnits.selector,
            Handler.burnUnits.selector,
            Handler.deliverSome.selector,
            Handler.deliverTwice.selector,
            Handler.deliverSingly.selector,
            Handler.retryHeld.selector,
            Handler.sendHeldBack.selector,
            Handler.wait.selector,
            Handler.forge.selector,
            Handler.setCap.selector,
            Handler.rotate.selector,
            Handler.veto.selector,
            Handler.revokeAndReplace.selector
        ];
        for (uint256 i = 0; i < 2_000; ++i) {
            bytes32 chance = keccak256(abi.encode("walk", i));
            bytes memory arguments;
            for (uint256 j = 0; j < 5; ++j) {
                arguments = abi.encodePacked(arguments, uint256(keccak256(abi.encode(chance, j))) >> 8 * j);
            }
            (bool done,) = address(handler).call(abi.encodePacked(moves[uint256(chance) % 16], arguments));
            vm.assertTrue(done, "a move reverted");
            if (i % 50 == 0) _lookAtAll();
        }
        _lookAtAll();
        _assertSeen(IGateway.Executed.selector, 200, "executed");
        _assertSeen(IGateway.Held.selector, 50, "held");
        _assertSeen(IGateway.SentBack.selector, 10, "sent back");
        _assertSeen(IGateway.Returned.selector, 5, "returned");
        _assertSeen(IGateway.Recertified.selector, 5, "certified again");
        _assertSeen(ICommittee.EpochScheduled.selector, 5, "scheduled");
        _assertSeen(ICommittee.EpochVetoed.selector, 1, "vetoed");
    }

    function _assertSeen(bytes32 topic, uint256 least, string memory what) private view {
        vm.assertGe(handler.seen(topic), least, what);
    }
}

/// @notice The committee of the first remote and that of home sign whatever is asked, as to this route.
contract LyingQuorumInvariants is Looks {
    function setUp() external {
        honest = 1;
        _lookAt(new LyingHandler());
    }

    function invariant_a_lying_quorum_gets_no_more_than_one_book_and_cap() external {
        _lookAtAll();
    }
}

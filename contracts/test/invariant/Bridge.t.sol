// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IBrakes} from "../../src/common/IBrakes.sol";
import {ICommittee} from "../../src/common/ICommittee.sol";
import {IGateway} from "../../src/common/IGateway.sol";
import {Reason} from "../../src/common/Protocol.sol";
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
        _walk("walk");
        _assertSeen(IGateway.Executed.selector, 100, "executed");
        _assertSeen(IGateway.Held.selector, 50, "held");
        _assertSeen(IGateway.SentBack.selector, 10, "sent back");
        _assertSeen(IGateway.Returned.selector, 5, "returned");
        _assertSeen(IGateway.Recertified.selector, 5, "certified again");
        _assertSeen(ICommittee.EpochScheduled.selector, 5, "scheduled");
        _assertSeen(ICommittee.EpochVetoed.selector, 1, "vetoed");
        _assertSeen(IBrakes.FlowPaused.selector, 20, "paused");
        _assertSeen(IBrakes.Vetoed.selector, 3, "a transfer vetoed");
        vm.assertGe(handler.heldFor(Reason.LIMIT), 5, "held for a limit");
        vm.assertGe(handler.heldFor(Reason.DELAYED), 5, "delayed");
        vm.assertGe(handler.heldFor(Reason.PAUSED), 5, "held for a pause");
    }

    function test_another_long_walk_keeps_the_books() external {
        _walk("way");
    }

    function _walk(string memory seed) private {
        bytes4[22] memory moves = [
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
            Handler.revokeAndReplace.selector,
            Handler.setLimits.selector,
            Handler.setLimits.selector,
            Handler.pauseFlow.selector,
            Handler.resumeFlow.selector,
            Handler.vetoHeld.selector,
            Handler.retryHeld.selector
        ];
        for (uint256 i = 0; i < 2_000; ++i) {
            bytes32 chance = keccak256(abi.encode(seed, i));
            bytes memory arguments;
            for (uint256 j = 0; j < 5; ++j) {
                arguments = abi.encodePacked(arguments, uint256(keccak256(abi.encode(chance, j))) >> 8 * j);
            }
            (bool done,) = address(handler).call(abi.encodePacked(moves[uint256(chance) % 22], arguments));
            vm.assertTrue(done, "a move reverted");
            if (i % 50 == 0) _lookAtAll();
        }
        _lookAtAll();
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

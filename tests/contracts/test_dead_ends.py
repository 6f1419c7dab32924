"""A lock is taken for one that can never arrive only on proof: a final state, and logs that are there."""

import pytest

from bridge.adapters.codec import views
from bridge.adapters.codec.abi import EVENTS
from bridge.adapters.codec.desks import TIMELOCK_EVENTS
from bridge.core.errors import Refuse
from bridge.core.events import Dispatched, Mined
from bridge.core.hashing import keccak, word
from bridge.core.messages import Kind, Message, leaf_of
from bridge.core.reasons import Reason
from bridge.core.types import ZERO_HASH, Address, Height, Leaf, Nonce, Route, TxHash, Units
from contracts.dead_ends import require_dead
from tests.contracts.node import COMMITTEE, FINAL, GATEWAY, HOME, HOME_GATEWAY, LATEST, REMOTE, TIMELOCK, Node

ROUTE = Route(HOME, HOME_GATEWAY, REMOTE, GATEWAY)
NONCE, EPOCH = Nonce(7), 2
ALICE = Address(b"\xa1" * 20)
MESSAGE = Message(Kind.TRANSFER, NONCE, Address(b"\xb0" * 20), ALICE, ALICE, Units(50_000), Units(50_000))
LOCK = Dispatched(ROUTE, leaf_of(ROUTE, MESSAGE), MESSAGE, Mined(Height(10), 0, ZERO_HASH, TxHash(ZERO_HASH)))
FORGED = Leaf(keccak(b"forged"))
REVOCATION, REPLACEMENT = keccak(b"revoke"), keccak(b"replace")


@pytest.fixture
def node() -> Node:
    """A remote that is closed for good: its epoch is revoked by the one operation its timelock was given."""
    node = Node()
    node.says(GATEWAY, views.IS_CONSUMED, 0, HOME, NONCE)
    node.says(GATEWAY, views.COMMITTEE, COMMITTEE)
    node.says(COMMITTEE, views.GOVERNOR, TIMELOCK)
    node.says(COMMITTEE, views.ACTIVE_EPOCH, EPOCH)
    node.says(COMMITTEE, views.IS_REVOKED, 1, EPOCH)
    scheduled(node, REVOCATION)
    return node


async def examine(node: Node) -> None:
    await require_dead(node.chain(REMOTE), Height(1), LOCK)


def scheduled(node: Node, operation: bytes, *, pending: tuple[Height, ...] = ()) -> None:
    node.logged(TIMELOCK, [TIMELOCK_EVENTS["CallScheduled"].topic, operation, word(0)])
    for height in (LATEST, FINAL):
        node.says(TIMELOCK, views.IS_OPERATION_PENDING, height in pending, operation, at=(height,))


def executed(node: Node, leaf: bytes, nonce: int, height: int = 20) -> None:
    node.logged(GATEWAY, [EVENTS["Executed"].topic, leaf, word(HOME)], word(nonce), height)


async def test_a_remote_that_is_closed_in_a_final_block_executes_nothing(node: Node) -> None:
    await examine(node)


async def test_a_remote_whose_committee_lives_is_none(node: Node) -> None:
    node.says(COMMITTEE, views.IS_REVOKED, 0, EPOCH)
    with pytest.raises(Refuse, match="have the council revoke epoch 2 there"):
        await examine(node)


async def test_a_revocation_that_a_reorganisation_can_take_back_closes_nothing(node: Node) -> None:
    node.says(COMMITTEE, views.IS_REVOKED, 0, EPOCH, at=(FINAL,))
    with pytest.raises(Refuse, match="revoked there is not final yet"):
        await examine(node)


async def test_a_committee_that_was_replaced_a_moment_ago_lives(node: Node) -> None:
    node.says(COMMITTEE, views.ACTIVE_EPOCH, EPOCH + 1, at=(LATEST,))
    node.says(COMMITTEE, views.IS_REVOKED, 0, EPOCH + 1)
    with pytest.raises(Refuse, match="revoke epoch 3 there"):
        await examine(node)


async def test_a_chain_without_final_blocks_proves_nothing(node: Node) -> None:
    node.has_tag = False
    with pytest.raises(Refuse, match="calls no block final"):
        await examine(node)


@pytest.mark.parametrize("pending", [(LATEST, FINAL), (LATEST,)])
async def test_what_waits_in_the_timelock_must_be_cancelled_first(node: Node, pending: tuple[Height, ...]) -> None:
    scheduled(node, REPLACEMENT, pending=pending)
    with pytest.raises(Refuse, match=f"operation 0x{REPLACEMENT.hex()} waits in the remote's timelock"):
        await examine(node)


async def test_a_cancellation_that_is_not_final_ends_nothing(node: Node) -> None:
    scheduled(node, REPLACEMENT, pending=(FINAL,))
    with pytest.raises(Refuse, match=f"0x{REPLACEMENT.hex()} waits there no longer is not final"):
        await examine(node)


async def test_a_node_that_has_dropped_the_timelocks_logs_proves_nothing(node: Node) -> None:
    node.logs.clear()
    with pytest.raises(Refuse, match="shows no operation of the remote's timelock"):
        await examine(node)


@pytest.mark.parametrize(("is_revoked", "is_held", "refused"), [(0, 1, True), (1, 1, False), (0, 0, False)])
async def test_a_rotation_that_anybody_may_retry_must_not_be_held(
    node: Node, *, is_revoked: int, is_held: int, refused: bool
) -> None:
    rotation = keccak(b"rotation")
    data = word(3) + word(1) + word(Reason.COMMITTEE_MISMATCH)
    node.logged(GATEWAY, [EVENTS["Held"].topic, rotation, word(HOME)], data)
    node.answers[LATEST, GATEWAY, views.HELD.call(rotation)] = word(1) + word(is_held) + word(84)
    node.says(COMMITTEE, views.IS_REVOKED, is_revoked, 1)
    if refused:
        with pytest.raises(Refuse, match="have the council revoke epoch 1 there, too"):
            await examine(node)
    else:
        await examine(node)


@pytest.fixture
def robbed(node: Node) -> Node:
    """The same with the lock's nonce used up, in a final block, by what somebody forged."""
    node.says(GATEWAY, views.IS_CONSUMED, 1, HOME, NONCE)
    node.says(COMMITTEE, views.IS_REVOKED, 0, EPOCH)
    executed(node, FORGED, NONCE)
    return node


async def test_a_lock_whose_nonce_went_to_another_message_arrives_never(robbed: Node) -> None:
    await examine(robbed)


async def test_a_node_that_does_not_show_who_took_the_nonce_proves_nothing(robbed: Node) -> None:
    robbed.logs = []
    executed(robbed, FORGED, NONCE + 1)
    with pytest.raises(Refuse, match="shows no message that took it: ask a node that has all logs from height 1 on"):
        await examine(robbed)


async def test_a_nonce_that_was_taken_a_moment_ago_may_be_free_again(robbed: Node) -> None:
    robbed.says(GATEWAY, views.IS_CONSUMED, 0, HOME, NONCE, at=(FINAL,))
    with pytest.raises(Refuse, match="wait until that is final"):
        await examine(robbed)


async def test_a_lock_that_was_executed_does_not_come_back(robbed: Node) -> None:
    executed(robbed, LOCK.leaf, NONCE)
    with pytest.raises(Refuse, match="the remote has received it"):
        await examine(robbed)

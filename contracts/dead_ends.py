"""Whether a lock can never arrive any more: what a public chain, or the board, says of it.

Every answer is of the signer's own node. That a log is missing proves nothing: the node may have dropped it.
"""

from collections.abc import Sequence
from typing import Final

from bridge.adapters.codec import TOPICS, read_fields, read_hash, read_list, to_hex, views
from bridge.adapters.codec.desks import TIMELOCK_EVENTS
from bridge.adapters.ledger import EvmChain, LogFilter, Lookup, Query, read
from bridge.core.batches import Batch, cut, digest_of, domain_separator, root_of, window_end
from bridge.core.errors import Refuse, Retry
from bridge.core.events import AttestationPosted, Dispatched, Executed, Held
from bridge.core.hashing import word
from bridge.core.messages import leaf_of
from bridge.core.reasons import Reason
from bridge.core.types import Address, Block, Domain, Epoch, Hash32, Height

EPOCHS: Final = 128
"""Epochs of the remote's committee, from the first, whose signatures are looked for."""

_SCHEDULED: Final = to_hex(TIMELOCK_EVENTS["CallScheduled"].topic)


async def require_dead(remote: EvmChain, start: Height, lock: Dispatched) -> None:
    """Refuse while the remote can execute a lock, or if it has. Raises Retry if the remote does not answer.

    `start` is the first height that can hold a log of the deployment.
    """
    heads = await remote.heads()
    latest, final = heads.latest, heads.finalized
    if final is None:
        raise Refuse("the remote calls no block final: name a node that answers `finalized`")
    fates = await _fates(remote, start, latest.height, lock)
    if any(fate.leaf == lock.leaf for fate in fates):
        raise Refuse("the remote has received it: it is executed there, or held and can be sent back from there")
    consumed = Query(views.IS_CONSUMED, remote.watched.gateway, (lock.route.source_chain, lock.message.nonce))
    if not await read(remote.rpc, consumed, latest):
        await _require_closed(remote, start, latest, final)
        await _require_no_rotation(remote, latest, fates)
        return
    if not await read(remote.rpc, consumed, final):
        raise Refuse("another message has just taken its nonce there: wait until that is final")
    # Once it is gone to what somebody forged, no certificate can execute the lock any more.
    if not any(fate.nonce == lock.message.nonce and fate.at.height <= final.height for fate in fates):
        raise Refuse(f"its nonce is used up there, and {_unseen(remote, 'message that took it', start)}")


async def _fates(remote: EvmChain, start: Height, end: Height, lock: Dispatched) -> list[Executed | Held]:
    """Return what became of all messages of the lock's route."""
    topics = ((TOPICS["Executed"], TOPICS["Held"]), (), (to_hex(word(lock.route.source_chain)),))
    logs = await remote.logs.read(LogFilter((remote.watched.gateway,), topics), start, end)
    return [fact for fact in remote.decoder.decode_all(logs) if isinstance(fact, Executed | Held)]


async def _require_closed(remote: EvmChain, start: Height, latest: Block, final: Block) -> None:
    """Refuse unless the active epoch is revoked, for good: in a final block, and nothing waits that replaces it."""
    committee, epoch, is_revoked = await _committee(remote, latest)
    if not is_revoked:
        raise Refuse(f"the remote can still execute it: deliver it, or have the council revoke epoch {epoch} there")
    if await _committee(remote, final) != (committee, epoch, True):
        raise Refuse(f"that epoch {epoch} is revoked there is not final yet: wait")
    timelock = await read(remote.rpc, Query(views.GOVERNOR, committee), final)
    operations = await _operations(remote, timelock, start, latest.height)
    if not operations:
        # By one of its operations the epoch was revoked.
        raise Refuse(_unseen(remote, "operation of the remote's timelock", start))
    for operation in operations:
        pending = Query(views.IS_OPERATION_PENDING, timelock, (operation,))
        if await read(remote.rpc, pending, latest):
            raise Refuse(
                f"operation {to_hex(operation)} waits in the remote's timelock, from where anybody can execute it: "
                "have the council cancel it"
            )
        if await read(remote.rpc, pending, final):
            raise Refuse(f"that operation {to_hex(operation)} waits there no longer is not final yet: wait")


async def _committee(remote: EvmChain, at: Block) -> tuple[Address, Epoch, bool]:
    """Return the remote's committee, its active epoch, and whether that is revoked."""
    committee = await read(remote.rpc, Query(views.COMMITTEE, remote.watched.gateway), at)
    epoch = await read(remote.rpc, Query(views.ACTIVE_EPOCH, committee), at)
    return committee, epoch, await read(remote.rpc, Query(views.IS_REVOKED, committee, (epoch,)), at)


async def _operations(remote: EvmChain, timelock: Address, start: Height, end: Height) -> list[Hash32]:
    """Return every operation that a timelock was ever given."""
    logs = await remote.logs.read(LogFilter((timelock,), ((_SCHEDULED,),)), start, end)
    try:
        return sorted({read_hash(read_list(read_fields(log).get("topics"))[1]) for log in logs})
    except (IndexError, ValueError) as fault:
        raise Retry(f"{remote.rpc.name} answered with logs that cannot be read: {fault}") from fault


async def _require_no_rotation(remote: EvmChain, latest: Block, fates: Sequence[Executed | Held]) -> None:
    """Refuse while a rotation is held that the governor may retry: it could follow the revoked epoch."""
    committee, _, _ = await _committee(remote, latest)
    for fate in fates:
        if not isinstance(fate, Held) or fate.reason != Reason.COMMITTEE_MISMATCH:
            continue
        held = await read(remote.rpc, Query(views.HELD, remote.watched.gateway, (fate.leaf,)), latest)
        if held.held_at and not await read(remote.rpc, Query(views.IS_REVOKED, committee, (held.epoch,)), latest):
            raise Refuse(
                f"the rotation {to_hex(fate.leaf)} is held there, and the governor may retry it: "
                f"have the council revoke epoch {held.epoch} there, too"
            )


def _unseen(remote: EvmChain, what: str, start: Height) -> str:
    return f"{remote.rpc.name} shows no {what}: ask a node that has all logs from height {start} on"


async def require_unattested(home: EvmChain, lookup: Lookup, lock: Dispatched) -> None:
    """Refuse what somebody has signed: with a quorum it may have been executed where nobody can look any more."""
    route = lock.route
    windowing = await home.windowing(route.destination_chain)
    end = window_end(lock.at.height, windowing)
    window = [fact.message for fact in await lookup.window(route, end, windowing)]
    piece = next(piece for piece in cut(window, windowing) if lock.message in piece)
    blocks = await home.blocks([Height(0), end])
    separator = domain_separator(Domain(route.destination_chain, route.destination_gateway, blocks[Height(0)].hash))
    root, block = root_of([leaf_of(route, message) for message in piece]), blocks[end]
    batches = [
        Batch(route, Epoch(epoch), piece[0].nonce, len(piece), root, block.height, block.hash, block.time)
        for epoch in range(1, EPOCHS + 1)
    ]
    digests = tuple(to_hex(digest_of(separator, batch)) for batch in batches)
    wanted = LogFilter(home.watched.addresses, ((TOPICS["Posted"],), (), digests))
    found = await home.logs.read(wanted, lock.at.height, (await home.heads()).latest.height)
    if signers := {fact.signer for fact in home.decoder.decode_all(found) if isinstance(fact, AttestationPosted)}:
        raise Refuse(f"{len(signers)} members have attested it: the remote may have executed it before its end")

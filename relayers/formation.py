"""Which batches can be formed now: the windows that are final, cut by the rule of `bridge.core.batches`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from bridge.core.batches import cut, root_of, window_end
from bridge.core.events import BatchKey
from bridge.core.records import FormedBatch
from bridge.core.transfers import Transfer
from bridge.core.types import Block, ChainId, Height
from relayers.memory import Memory
from relayers.plan import RoutePlan


def form(
    plan: RoutePlan, memory: Memory, headers: Mapping[tuple[ChainId, Height], Block]
) -> Iterator[tuple[FormedBatch, Sequence[Transfer]]]:
    """Yield each batch of a route whose window's last block is known, with its transfers in nonce order."""
    chain = plan.route.source_chain
    pending = [memory.transfers[leaf] for _, leaf in sorted(memory.unformed[plan.route].items())]
    for end, group in groupby(pending, lambda transfer: window_end(transfer.source.height, plan.windowing)):
        header = headers.get((chain, end))
        if header is None:
            return
        by_nonce = {transfer.message.nonce: transfer for transfer in group}
        for piece in cut([transfer.message for transfer in by_nonce.values()], plan.windowing):
            transfers = [by_nonce[message.nonce] for message in piece]
            root = root_of([transfer.leaf for transfer in transfers])
            key = BatchKey(plan.route, piece[0].nonce)
            yield FormedBatch(key, len(piece), root, header), transfers

"""Chains as the rest of the system sees them: the ports of the core, and what users look up, over one node each."""

from bridge.adapters.codec import Watched
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger.agreed import AgreedReader
from bridge.adapters.ledger.books import BondReading, read_bond
from bridge.adapters.ledger.checkpoints import Checkpoints
from bridge.adapters.ledger.logs import LogFilter, LogSource
from bridge.adapters.ledger.lookup import Lookup
from bridge.adapters.ledger.providers import Providers
from bridge.adapters.ledger.reading import EvmReader, heads_of, newest_block, read_at_newest
from bridge.adapters.ledger.sealed import SealedReader
from bridge.adapters.ledger.sending import Sender
from bridge.adapters.ledger.state import Query, read, read_all
from bridge.adapters.ledger.writers import AnyWriter
from bridge.adapters.ledger.writing import EvmWriter

__all__ = [
    "AgreedReader",
    "AnyWriter",
    "BondReading",
    "Checkpoints",
    "EvmChain",
    "EvmReader",
    "EvmWriter",
    "LogFilter",
    "LogSource",
    "Lookup",
    "Providers",
    "Query",
    "SealedReader",
    "Sender",
    "heads_of",
    "newest_block",
    "read",
    "read_all",
    "read_at_newest",
    "read_bond",
]


class EvmChain(EvmReader, EvmWriter):
    """Both ports of one chain over one node."""

    def __init__(self, rpc: Rpc, watched: Watched) -> None:
        EvmReader.__init__(self, rpc, watched)
        EvmWriter.__init__(self, rpc, watched.chain)

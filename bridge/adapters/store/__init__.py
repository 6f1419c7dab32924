"""The store of a relayer: its chains' facts, its transfers, its outbox, its transactions, in one database."""

from bridge.adapters.store.store import Store
from bridge.adapters.store.unit import Unit

__all__ = ["Store", "Unit"]

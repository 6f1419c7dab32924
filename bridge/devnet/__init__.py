"""A whole bridge on one machine: nodes, contracts, relayers as real processes, and people with bonds."""

from bridge.devnet.layout import Layout
from bridge.devnet.lifecycle import Options, down, start_one, stop_one, up

__all__ = ["Layout", "Options", "down", "start_one", "stop_one", "up"]

"""`jgb-bridge`: what users, deployers and the curious do with a bridge. Every answer comes from the chains."""

from bridge.cli.main import main

__all__ = ["main"]

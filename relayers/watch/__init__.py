"""The watchtower: recomputes the books from the chains by code of its own, and may only pause. Start at `tower`."""

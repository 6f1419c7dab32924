"""The picture of a transfer's life, drawn from the table that governs it."""

import re

from bridge.core.transfers import MOVES, TERMINAL, State


def diagram() -> str:
    """Return the transition table as a Mermaid state diagram; what changes no state is left out."""
    labels: dict[tuple[State, State], list[str]] = {}
    for (state, fact), target in MOVES.items():
        if state is not target:
            labels.setdefault((state, target), []).append(_words(fact.__name__))
    lines = ["stateDiagram-v2", f"    [*] --> {State.SEEN.value}"]
    lines += [
        f"    {source.value} --> {target.value}: {', '.join(words)}" for (source, target), words in labels.items()
    ]
    lines += [f"    {state.value} --> [*]" for state in State if state in TERMINAL]
    return "\n".join(lines)


def _words(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()

"""Gas figures: read from the committed snapshots, which CI holds against the contracts."""

import json
from pathlib import Path

SNAPSHOTS = Path(__file__).parents[2] / "contracts" / "snapshots"


def gas_figures() -> dict[str, dict[str, int]]:
    """Return every committed figure, by file and name."""
    return {
        path.stem: {name: int(value) for name, value in json.loads(path.read_text()).items()}
        for path in sorted(SNAPSHOTS.glob("*.json"))
    }

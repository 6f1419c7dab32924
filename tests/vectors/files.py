"""Writing a file of vectors, or telling that it is stale."""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def write_or_check(name: str, content: object, command: str) -> int:
    """Write one file, or with --check say whether it is what this makes. Returns an exit code."""
    text = json.dumps(content, indent=1) + "\n"
    path = FOLDER / name
    if "--check" not in sys.argv:
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        print(f"{name} is stale, run `python -m {command}`")  # noqa: T201 - a command prints
        return 1
    return 0

"""Writes the vectors. They are computed with eth_abi and eth_account, not with the code they test."""

import json
import sys
from pathlib import Path

from tests.vectors.make import all_files

FOLDER = Path(__file__).parent


def main() -> int:
    """Write every file, or with --check name the ones that differ."""
    stale = []
    for name, content in all_files().items():
        text = json.dumps(content, indent=1) + "\n"
        path = FOLDER / name
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(name)
    if stale:
        print("stale vectors, run `python -m tests.vectors`:", ", ".join(stale))
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())

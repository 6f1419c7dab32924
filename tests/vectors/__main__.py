"""Writes the vectors. They are computed with eth_abi and eth_account, not with the code they test."""

from tests.vectors.files import write_or_check
from tests.vectors.make import all_files

if __name__ == "__main__":
    raise SystemExit(max(write_or_check(name, content, "tests.vectors") for name, content in all_files().items()))

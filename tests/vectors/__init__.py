"""Shared test vectors: `python -m tests.vectors` writes the JSON files that both languages' tests read."""

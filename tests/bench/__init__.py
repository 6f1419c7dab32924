"""Benchmarks: budgets of DESIGN section 7, measured on a devnet. `python -m tests.bench` writes RESULTS.md."""

"""The watchtower, held against a small bridge of its own: `model` knows the rules, and every way to break them."""

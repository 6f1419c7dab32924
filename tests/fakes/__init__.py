"""Fakes: a bridge's chains in memory, with the rules of the contracts in a few lines. Test doubles, all of them."""

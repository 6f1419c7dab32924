"""Tests of the pure core: no sockets, no files but the vectors."""

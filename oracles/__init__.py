"""Who carries rates: publishers' files in, signed observations out (DESIGN 4)."""

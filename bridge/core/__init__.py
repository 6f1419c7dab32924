"""The protocol, pure: nothing here does I/O, reads a clock or logs."""

"""PURE: what a published file says, when it was due, and whether its sources agree. Bytes and times in, records out."""

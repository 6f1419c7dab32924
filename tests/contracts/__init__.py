"""Commands of the council and of the last resort, against a node that says what a test has written down."""

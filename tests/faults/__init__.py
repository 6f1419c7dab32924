"""Things that went wrong elsewhere, or could here: each is done on purpose, to real nodes, and must do no harm."""

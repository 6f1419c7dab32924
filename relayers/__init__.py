"""Who carries transfers: one daemon per organisation."""

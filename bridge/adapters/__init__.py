"""What the core needs of the world: nodes, keys, files, clocks. Shell: it holds no rule of the protocol."""

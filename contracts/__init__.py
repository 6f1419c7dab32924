"""What the chains enforce: sources, compiled artifacts, build and deployment."""

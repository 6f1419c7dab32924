"""What the bridge is: the protocol, its adapters to the world, and a whole bridge on one machine."""

"""Ports: what the application needs from the world, as protocols at the level of the domain."""

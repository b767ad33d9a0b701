"""The key ring, the sealing of values with it, and signatures: the only place that does cryptography."""

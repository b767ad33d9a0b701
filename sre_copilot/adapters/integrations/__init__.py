"""Integrations: reading input, loading plugins, and calling them in isolation."""

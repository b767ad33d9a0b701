"""Entrypoints: how people and machines reach the copilot."""

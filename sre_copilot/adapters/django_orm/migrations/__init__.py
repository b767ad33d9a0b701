"""Migrations of the copilot's tables."""

"""Planted secrets and personal data, and ordinary lines of logs: what a redaction is measured with."""

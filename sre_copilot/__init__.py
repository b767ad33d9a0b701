"""SRE Copilot."""

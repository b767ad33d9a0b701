"""The application: use cases and queries behind ports."""

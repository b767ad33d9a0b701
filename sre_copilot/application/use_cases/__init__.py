"""Use cases: one per file, each a frozen class named by its verb phrase."""

"""The pure domain: what the words mean and what the rules are. Standard library and attrs only."""

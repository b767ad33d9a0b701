"""The command line: thin, over the facade."""

"""Claude behind the port of an advisor: prompts, requests bound to one host, and answers read as hostile input."""

"""Taking secrets and personal data out of what leaves for a model; the entry is `documents.redact`."""

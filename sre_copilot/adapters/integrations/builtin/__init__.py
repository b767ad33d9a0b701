"""The integrations that come with the package, one module per vendor. They see only what a third party sees."""

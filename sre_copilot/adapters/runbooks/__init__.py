"""The runbooks that come with the package: every new tenant starts with a copy of them."""

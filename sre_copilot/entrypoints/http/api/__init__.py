"""The API, `/api/v1`: JSON in and out for people's tools, over the same use cases as the command line."""

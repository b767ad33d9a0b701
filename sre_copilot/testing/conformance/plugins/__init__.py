"""The conformance kit for integration plugins: what holds for every one of them, whatever it reads.

`pytest --sre-copilot-conformance` runs it against the installed plugins, one test per integration type and check;
`--sre-copilot-conformance=acme,generic` against these types only. It works with a plugin's own samples: it changes them,
damages them, floods with them, and hands them to a copilot in memory. From code, `CHECKS` in the module `checks` are
functions that take a `Subject` and raise a `Violation`.
"""

"""For the tests of everybody who builds on the copilot: twins of the ports in memory, builders, conformance kits."""

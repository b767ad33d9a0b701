"""The offline diagnosis engine: from a context snapshot to ranked causes with evidence, without any I/O."""

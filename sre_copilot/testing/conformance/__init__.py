"""What every adapter behind the unit of work has to do, as test classes to inherit from.

Subclass each `...Conformance` class in a test module as `Test...` and override the fixtures of `Conformance`. Every
test works in a new tenant, so that one database serves them all.
"""

import pytest

# Before the modules are imported: plain asserts would fail without saying with what values.
pytest.register_assert_rewrite(
    *(
        f"sre_copilot.testing.conformance.{name}"
        for name in (
            "access",
            "corrections",
            "deliveries",
            "diagnoses",
            "incidents",
            "isolation",
            "jobs",
            "key_ring",
            "locks",
            "outbox",
            "recommendations",
            "recording",
            "routes",
            "schedule",
            "sealed",
            "series",
            "signals",
            "silences",
            "units",
        )
    )
)

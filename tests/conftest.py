"""How many examples the property tests try, chosen by the ring of tests that runs."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("dev", max_examples=50, deadline=None)
# CI repeats the same examples on every run, so that a red build points at the change and not at luck.
settings.register_profile("ci", max_examples=40, deadline=None, derandomize=True, print_blob=True)
# Mutants are judged by thousands of runs: few, repeatable examples, and no failure of one mutant replayed on the next.
settings.register_profile("mutation", max_examples=25, deadline=None, derandomize=True, database=None)
settings.register_profile(
    "soak",
    max_examples=2_000,
    stateful_step_count=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def _profile() -> str:
    if "HYPOTHESIS_PROFILE" in os.environ:
        return os.environ["HYPOTHESIS_PROFILE"]
    if os.environ.get("SRE_COPILOT_SOAK") == "1":
        return "soak"
    return "ci" if os.environ.get("CI") else "dev"


settings.load_profile(_profile())

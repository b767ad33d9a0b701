"""The published contract: every hook and capability says what it is for."""

import inspect

import sre_copilot.hookspecs as hookspecs

HOOKS = [value for value in vars(hookspecs).values() if hasattr(value, "sre_copilot_spec")]
CAPABILITIES = [
    value
    for value in vars(hookspecs).values()
    if inspect.isclass(value) and value.__module__ == hookspecs.__name__ and getattr(value, "_is_protocol", False)
]


def test_every_hook_is_documented_and_brings_nothing_by_itself() -> None:
    assert [hook.__name__ for hook in HOOKS] == ["sre_copilot_integrations"]
    for hook in HOOKS:
        assert len(inspect.getdoc(hook) or "") > 80
        assert hook() == []


def test_every_capability_and_its_members_are_documented() -> None:
    for capability in CAPABILITIES:
        assert inspect.getdoc(capability)
        members = [value for name, value in vars(capability).items() if getattr(value, "__isabstractmethod__", False)]
        assert all(inspect.getdoc(member) for member in members)

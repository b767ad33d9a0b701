"""Checks of the samples themselves: everything else works with them."""

from datetime import timedelta

from sre_copilot.domain.deliveries import CLOCK_SKEW, Parsed, Sample
from sre_copilot.domain.errors import PluginFailed
from sre_copilot.domain.signals import SignalDraft, SignalStatus
from sre_copilot.testing.conformance.plugins.subject import LATER, Subject, Violation

LONG_AGO = timedelta(days=7)


def samples(subject: Subject) -> None:
    """Its samples are what its vendor sends around now: readable, named, the first one an alert or a change."""
    found = subject.samples
    names = [sample.name for sample in found]
    tells = any(subject.read(sample).drafts for sample in found)
    if tells and names[0] not in ("firing", "change"):
        raise Violation(f'The first sample is {names[0]!r}; the first one must be "firing" or "change".')
    if len(set(names)) < len(names) or not all(names):
        raise Violation(f"Every sample needs a name of its own; they are {names}.")
    _check_stay(subject, names)
    for place, sample in enumerate(found):
        _check_resolves(sample, names[:place])
        _check_says(subject, sample)


def _check_stay(subject: Subject, names: list[str]) -> None:
    try:
        later = [sample.name for sample in subject.types.samples(subject.kind, LATER)]
    except PluginFailed as failed:
        raise Violation(f"Its samples of an hour later can't be made: {failed}") from None
    if later != names:
        raise Violation(f"An hour later its samples are others: {later} instead of {names}.")


def _check_resolves(sample: Sample, earlier: list[str]) -> None:
    if sample.resolves and sample.resolves not in earlier:
        raise Violation(
            f"The sample {sample.name!r} resolves {sample.resolves!r}, and no sample before it is called so."
        )
    if sample.name == "resolved" and not sample.resolves:
        raise Violation("The sample 'resolved' does not say which sample's episode it ends; set `resolves`.")


def _check_says(subject: Subject, sample: Sample) -> None:
    parsed = subject.read(sample)
    _check_shows(sample, parsed)
    for place, draft in enumerate(parsed.drafts):
        where = f"Signal {place} of the sample {sample.name!r}"
        _check_draft(where, draft)
        if draft.occurred_at and not -LONG_AGO <= draft.occurred_at - subject.now <= CLOCK_SKEW:
            raise Violation(f"{where} occurred at {draft.occurred_at}; samples are of around now, {subject.now}.")


def _check_shows(sample: Sample, parsed: Parsed) -> None:
    statuses = {draft.status for draft in parsed.drafts}
    wanted = {"firing": SignalStatus.FIRING, "change": SignalStatus.MOMENT}.get(sample.name)
    wanted = SignalStatus.RESOLVED if sample.resolves else wanted
    if wanted and wanted not in statuses:
        shown = ", ".join(sorted(statuses)) or "none"
        raise Violation(f"The sample {sample.name!r} has no signal with the status {wanted.value}; it has: {shown}.")


def _check_draft(where: str, draft: SignalDraft) -> None:
    if not draft.name.strip():
        raise Violation(f"{where} has no name.")
    if draft.signal_type.is_change != (draft.status is SignalStatus.MOMENT):
        raise Violation(
            f"{where} is a {draft.signal_type.value} with the status {draft.status.value}; changes are moments."
        )
    if draft.signal_type.is_change and draft.change is None:
        raise Violation(f"{where} is a change without details; set `change`.")

"""Check of severities: an unknown word is medium and kept, a change is no trouble."""

from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.signals import Severity, SignalDraft
from sre_copilot.testing.conformance.plugins.changes import Path, leaves, shown, with_change
from sre_copilot.testing.conformance.plugins.subject import Payload, Subject, Violation

UNKNOWN = "zz-unheard-of"
KNOWN = (
    "critical", "fatal", "page", "emergency", "disaster", "high", "error", "major", "warning", "warn", "average",
    "minor", "low", "info", "information", "notice", "debug", "ok", "none", "P1", "P3", "P5", "1", "3", "5", "Sev0", "Sev4",
)  # fmt: skip
"""Words for severities that vendors use; where one of them makes a difference, the word decides."""


def severity(subject: Subject) -> None:
    """A severity that the plugin doesn't know is medium, with the vendor's word kept; a change is info or low."""
    for sample in subject.samples:
        parsed = subject.read(sample)
        payload = subject.payload(sample)
        for place, draft in enumerate(parsed.drafts):
            if draft.signal_type.is_change:
                _check_change(payload, draft)
            elif draft.severity_word:
                _check_word(subject, payload, draft, place)


def _check_change(payload: Payload, draft: SignalDraft) -> None:
    if draft.severity.weight > Severity.LOW.weight:
        raise Violation(
            f"In the sample {payload.sample.name!r} a change has the severity {draft.severity.value}; it is context, so info or low."
        )


def _check_word(subject: Subject, payload: Payload, draft: SignalDraft, place: int) -> None:
    word = draft.severity_word.strip().lower()
    for path, text in leaves(payload.value, str):
        if text.strip().lower() != word or not _decides(subject, payload, path, draft, place):
            continue
        after = subject.read_payload(payload.changed(with_change(payload.value, path, UNKNOWN)))
        where = f"In the sample {payload.sample.name!r} an unknown word at {shown(path)}"
        if after is None:
            if not _is_state(subject, path, text):
                raise Violation(f"{where} is refused; an unknown severity is medium.")
            continue
        found = _nth(after, place)
        if found is None:
            continue
        if found.severity is not Severity.MEDIUM:
            raise Violation(f"{where} becomes {found.severity.value}; an unknown severity is medium.")
        if UNKNOWN not in found.severity_word.lower():
            raise Violation(f"{where} is lost; `severity_word` keeps what the vendor said.")


def _decides(subject: Subject, payload: Payload, path: Path, draft: SignalDraft, place: int) -> bool:
    """Whether another word there makes another severity."""
    for word in (*KNOWN, UNKNOWN):
        after = subject.read_payload(payload.changed(with_change(payload.value, path, word)))
        found = _nth(after, place)
        if found is not None and found.severity is not draft.severity:
            return True
    return False


def _nth(parsed: Parsed | None, place: int) -> SignalDraft | None:
    return parsed.drafts[place] if parsed is not None and place < len(parsed.drafts) else None


def _is_state(subject: Subject, path: Path, text: str) -> bool:
    """Whether the word is also what tells firing from resolved: then a sample that resolves has another there."""
    ends = (subject.payload(sample).value for sample in subject.samples if sample.resolves)
    return any(found == path and other != text for value in ends for found, other in leaves(value, str))

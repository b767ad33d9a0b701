"""Check of signatures: only what was signed with a secret that is valid, now, and not changed since, is let in."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import attrs

from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.errors import CopilotError, MalformedDelivery, NotAuthentic, OutgoingFailed, OutgoingRefused
from sre_copilot.domain.integrations import Secrets
from sre_copilot.hookspecs import SignsSamples, VerifiesDeliveries
from sre_copilot.testing.conformance.plugins.subject import NotApplicable, Subject, Violation

REASONS = ("missing", "wrong", "stale")
HOUR = timedelta(hours=1)
FRESH = timedelta(seconds=60)
PLACES = 25
"""So many bytes of a body are changed, one at a time."""


@attrs.frozen(kw_only=True)
class Signed:
    """A sample that the plugin proves, with the secrets that it was signed with."""

    subject: Subject
    name: str
    names: tuple[str, ...]
    """Of the secret settings that are set."""
    plain: Delivery
    delivery: Delivery

    @property
    def secrets(self) -> Secrets:
        """The current ones."""
        return self.subject.secrets("current", *self.names)

    @property
    def added(self) -> Sequence[str]:
        """The names of the headers that signing added or changed."""
        return [name for name, text in self.delivery.headers.items() if self.plain.headers.get(name) != text]

    def with_header(self, name: str, text: str) -> Delivery:
        """It with another value of a header."""
        return attrs.evolve(self.delivery, headers={**self.delivery.headers, name: text})


def authenticity(subject: Subject) -> None:
    """A delivery is let in only with a signature that is right, fresh, and of exactly these bytes."""
    if not isinstance(subject.plugin, VerifiesDeliveries):
        raise NotApplicable("It verifies no signatures: the integration's key decides.")
    for sample in subject.samples:
        _refuse_unproven(subject, sample.name, sample.delivery(subject.now))
    if not isinstance(subject.plugin, SignsSamples):
        raise NotApplicable("It can't sign its samples, so that only missing signatures were tried.")
    found = list(_signed(subject))
    if not found:
        raise Violation("It proves none of its samples, however they are signed.")
    for one in found:
        _check_secrets(one)
        _check_headers(one)
        _check_body(one)
        _check_time(one)


def _proven(subject: Subject, secrets: Secrets, delivery: Delivery, what: str) -> bool | str:
    """Whether it is proven, or why it is refused. Raises Violation for any other end."""
    try:
        return subject.gateway.verify(subject.integration(), secrets, delivery, subject.now)
    except NotAuthentic as refused:
        if refused.reason not in REASONS:
            raise Violation(
                f"{what} is refused for the reason {refused.reason!r}; reasons are {', '.join(REASONS)}."
            ) from None
        return refused.reason
    except MalformedDelivery:
        return "malformed"
    except (OutgoingFailed, OutgoingRefused):
        # Without the vendor's certificate nothing is proven.
        return "unchecked"
    except CopilotError as error:
        raise Violation(f"Asked to verify {what}, it fails: {error}") from None


def _refuse_unproven(subject: Subject, name: str, delivery: Delivery) -> None:
    for secrets, set_up in ((Secrets(), "no secret set up"), (subject.secrets(), "every secret set up")):
        if _proven(subject, secrets, delivery, f"the sample {name!r} without a signature") is True:
            raise Violation(f"With {set_up} the sample {name!r} is proven without a signature.")


def _signed(subject: Subject) -> Iterator[Signed]:
    """Every sample that is proven once it is signed, with all secrets set up and with each alone."""
    names = tuple(setting.name for setting in subject.settings if setting.secret)
    for chosen in {names, *((name,) for name in names)}:
        for sample in subject.samples:
            plain = sample.delivery(subject.now)
            secrets = subject.secrets("current", *chosen)
            delivery = subject.signed(plain, secrets)
            if delivery and _proven(subject, secrets, delivery, f"the signed sample {sample.name!r}") is True:
                yield Signed(subject=subject, name=sample.name, names=chosen, plain=plain, delivery=delivery)


def _refuse(one: Signed, delivery: Delivery, what: str, *, secrets: Secrets | None = None, reason: str = "") -> None:
    told = f"The sample {one.name!r} {what}"
    proven = _proven(one.subject, one.secrets if secrets is None else secrets, delivery, told)
    if isinstance(proven, bool):
        raise Violation(f"{told} is {'let in' if proven else 'left to the key'}; it must be refused with NotAuthentic.")
    if reason and proven != reason:
        raise Violation(f"{told} is refused for the reason {proven!r} instead of {reason!r}.")


def _check_secrets(one: Signed) -> None:
    subject = one.subject
    _refuse(one, one.plain, "without its signature", reason="missing")
    other = subject.signed(one.plain, subject.secrets("other", *one.names))
    if other is not None:
        _refuse(one, other, "signed with another secret", reason="wrong")
        both = Secrets(
            {name: (*one.secrets.valid(name), *subject.secrets("other", name).valid(name)) for name in one.names}
        )
        for delivery, which in ((one.delivery, "the current"), (other, "the one before")):
            if _proven(subject, both, delivery, "a signed sample") is not True:
                raise Violation(
                    f"While two secrets are valid, a signature with {which} is not proven; use `secrets.valid`."
                )
    if _proven(subject, Secrets(), one.delivery, "a signed sample") is True:
        raise Violation("With no secret set up a signature is proven.")


def _check_headers(one: Signed) -> None:
    """At least one header decides: however it is changed, it is refused."""
    if not one.added:
        raise Violation("`sign` adds no header; a signature that is nowhere can't be told from none.")
    loose: list[str] = []
    for name in one.added:
        for words, text in _forged(one.delivery.headers[name]):
            if _proven(one.subject, one.secrets, one.with_header(name, text), f"a header {name} {words}") is True:
                loose.append(f"{name} {words}")
                break
    if len(loose) == len(one.added):
        raise Violation(f"The sample {one.name!r} is let in with changed headers: {', '.join(loose)}.")


def _forged(text: str) -> Iterator[tuple[str, str]]:
    last = "A" if text[-1:] != "A" else "B"
    yield "with another last character", text[:-1] + last
    yield "cut by a character", text[:-1]
    yield "with a character more", text + last
    yield "cut to a few characters", text[:4]
    yield "that is empty", ""
    yield "that is not ASCII", "é" * len(text)
    yield "of 5,000 characters", last * 5_000
    yield "with 1,000 signatures", " ".join([last * len(text)] * 1_000)


def _check_body(one: Signed) -> None:
    subject, body = one.subject, one.delivery.body
    longer = attrs.evolve(one.plain, body=body + b" ")
    signed_longer = subject.signed(longer, one.secrets)
    if signed_longer is None or signed_longer.headers == one.delivery.headers:
        # A token that is shown as it is covers no body.
        return
    _refuse(one, attrs.evolve(one.delivery, body=body + b" "), "with a byte more")
    for place in range(0, len(body), max(1, len(body) // PLACES)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        _refuse(one, attrs.evolve(one.delivery, body=changed), f"with byte {place} changed")


def _check_time(one: Signed) -> None:
    subject = one.subject
    past, future = (subject.signed(one.plain, one.secrets, subject.now + by) for by in (-HOUR, HOUR))
    if past is None or future is None or not _covers_time(one, past):
        # No time is signed: a delivery that is sent again is recognised by its id, or as a repeat.
        return
    _refuse(one, past, "signed an hour ago", reason="stale")
    _refuse(one, future, "signed in an hour", reason="stale")
    for by in (-FRESH, FRESH):
        recent = subject.signed(one.plain, one.secrets, subject.now + by)
        if recent is not None and _proven(subject, one.secrets, recent, "a signed sample") is not True:
            raise Violation("Signed a minute ago, or in a minute by another clock, a sample is refused.")


def _covers_time(one: Signed, past: Delivery) -> bool:
    """Whether the time is part of what is signed: a header that is not, anybody could change."""
    moved = [name for name in one.added if past.headers.get(name) != one.delivery.headers[name]]
    return any(
        _proven(one.subject, one.secrets, one.with_header(name, past.headers.get(name, "")), "an older header")
        is not True
        for name in moved
    )

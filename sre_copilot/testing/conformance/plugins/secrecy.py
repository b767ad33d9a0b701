"""Checks that secrets stay secret, and that what is kept of a delivery is enough to read it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.errors import CopilotError
from sre_copilot.hookspecs import HidesCredentials, VerifiesDeliveries
from sre_copilot.testing.conformance.plugins.changes import OTHER_TYPES, Path, leaves, places, shown, with_change
from sre_copilot.testing.conformance.plugins.scene import Scene
from sre_copilot.testing.conformance.plugins.subject import Payload, Subject, Violation

CANARY = "canary-3f9c1d7ab2"
"""What is looked for where nothing secret may be."""
CREDENTIAL_HEADERS = ("authorization", "proxy-authorization", "cookie", "x-api-key", "x-gitlab-token", "x-auth-token")
CREDENTIAL_FIELDS = frozenset(
    {"token", "secret", "password", "passwd", "routing_key", "service_key", "api_key", "apikey", "access_token",
     "client_secret", "authorization"}
)  # fmt: skip
"""Names, in lower case, of fields that hold credentials wherever they stand."""


def secrecy(subject: Subject) -> None:
    """No secret is kept, logged or told: not of headers, settings or bodies, in no error and no repr."""
    if CANARY in repr(subject.plugin):
        raise Violation("A secret is in the plugin's repr.")
    for sample in subject.samples:
        _check_kept(subject, sample)
        _check_errors(subject, sample)
        _check_refusals(subject, sample)
        _check_bodies(subject, sample)
        _check_fields(subject, sample)


def _check_kept(subject: Subject, sample: Sample) -> None:
    """Send the sample in with every credential that a sender may show, and look for them in all that is kept."""
    values = {name: value[0] for name, value in subject.secrets(CANARY).values.items()}
    scene = Scene.of(subject, {**subject.integration().settings, **values})
    shown_headers = {name: f"{CANARY}-{name}" for name in CREDENTIAL_HEADERS}
    plain = sample.delivery(subject.now)
    signed = subject.signed(plain, subject.secrets(CANARY)) or plain
    delivery = attrs.evolve(signed, headers={**shown_headers, **signed.headers}, token=f"{CANARY}-token")
    scene.hand_in(delivery)
    for text in texts(scene.tables):
        for name, secret in {"a header": CANARY, **values}.items():
            if secret in text:
                raise Violation(
                    f"Of the sample {sample.name!r} the secret of {name} is kept: in a text of {len(text)} characters."
                )


def _check_errors(subject: Subject, sample: Sample) -> None:
    """Nothing of a body may stand in an error: bodies hold secrets and personal data."""
    payload = subject.payload(sample)
    for path in places(payload.value):
        for other in (CANARY, [CANARY], {"a": CANARY}, CANARY * 20):
            words = f"In the sample {sample.name!r} what stands at {shown(path)}"
            try:
                subject.parse_payload(payload.changed(with_change(payload.value, path, other)))
            except CopilotError as error:
                _refuse(words, error)
        for other in OTHER_TYPES[:4]:
            try:
                subject.parse_payload(_marked(payload, path, other))
            except CopilotError as error:
                _refuse(f"With another type at {shown(path)} the text of the sample {sample.name!r}", error)


def _marked(payload: Payload, path: Path, other: Any) -> Payload:
    """A sample with a canary in an unknown field, and another type at the path."""
    marked = {**payload.value, "zz_note": CANARY} if isinstance(payload.value, dict) else payload.value
    return payload.changed(with_change(marked, path, other))


def _refuse(words: str, error: CopilotError) -> None:
    if any(CANARY in text for text in (str(error), repr(error), repr(error.__cause__), repr(error.data))):
        raise Violation(
            f"{words} is quoted in an error: {type(error).__name__}. Errors name the field, never its value."
        )


def _check_refusals(subject: Subject, sample: Sample) -> None:
    """What can't be proven is refused in words that hold neither the secret nor what was shown instead."""
    if not isinstance(subject.plugin, VerifiesDeliveries):
        return
    secrets = subject.secrets(CANARY)
    plain = sample.delivery(subject.now)
    signed = subject.signed(plain, secrets) or plain
    forged = {name: f"{CANARY}-{text}" for name, text in signed.headers.items()}
    for delivery in (plain, attrs.evolve(signed, headers=forged), attrs.evolve(signed, body=signed.body + b" ")):
        try:
            subject.gateway.verify(subject.integration(), secrets, delivery, subject.now)
        except CopilotError as error:
            told = (str(error), repr(error), repr(error.data))
            kept = [CANARY, *(value for values in secrets.values.values() for value in values)]
            if any(secret in text for text in told for secret in kept):
                raise Violation("A refusal quotes the secret, or the signature that was shown.") from None


def _check_bodies(subject: Subject, sample: Sample) -> None:
    """Where a body carries credentials, whole or cut off anywhere, nothing of them is left."""
    if not isinstance(subject.plugin, HidesCredentials):
        return
    payload = subject.payload(sample)
    whole = _json(sample.body)
    if whole is None:
        return
    for path, text in leaves(whole, str):
        planted = with_change(whole, path, CANARY)
        delivery = attrs.evolve(sample.delivery(subject.now), body=json.dumps(planted).encode())
        kept = subject.gateway.strip(subject.integration(), delivery)
        if CANARY.encode() in kept.body or not text:
            continue
        _check_cuts(subject, delivery, path)
        found = subject.parsed(delivery)
        if found is not None and any(CANARY in one for one in texts(found)):
            raise Violation(f"The credential at {shown(path)} of the sample {payload.sample.name!r} is in a signal.")


def _check_cuts(subject: Subject, delivery: Delivery, path: Path) -> None:
    if not subject.manager.traits[subject.kind].takes_templates:
        # A body that is cut off is refused, and nothing of it is kept.
        return
    end = delivery.body.index(CANARY.encode()) + len(CANARY)
    for cut in (end, end + 1, (end + len(delivery.body)) // 2):
        kept = subject.gateway.strip(subject.integration(), attrs.evolve(delivery, body=delivery.body[:cut]))
        if CANARY.encode() in kept.body:
            raise Violation(f"The credential at {shown(path)} is kept where the body is cut off after {cut} bytes.")


def _check_fields(subject: Subject, sample: Sample) -> None:
    """A field whose name says that it holds a credential holds none any more when the delivery is kept."""
    kept = _json(subject.gateway.strip(subject.integration(), sample.delivery(subject.now)).body)
    sent = _json(sample.body)
    # What an address to be visited holds is used up by the visit, and without it there would be none.
    visits = " ".join(subject.read(sample).visits)
    for path, text in leaves(sent, str):
        name = str(path[-1]).lower() if path else ""
        if name in CREDENTIAL_FIELDS and text and text not in visits and (path, text) in set(leaves(kept, str)):
            raise Violation(
                f"The sample {sample.name!r} carries a credential at {shown(path)}, and it is kept; take it out with "
                "`without_credentials`."
            )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def headers(subject: Subject) -> None:
    """A delivery says the same with only the headers that are kept: what else it reads is in `kept_headers`."""
    for sample in subject.samples:
        plain = sample.delivery(subject.now)
        for delivery in (plain, subject.signed(plain) or plain):
            stripped = subject.gateway.strip(subject.integration(), delivery)
            full = attrs.evolve(stripped, headers=delivery.headers, token="")
            if _said(subject, stripped) != _said(subject, full):
                lost = sorted(set(delivery.headers) - set(stripped.headers))
                raise Violation(
                    f"The sample {sample.name!r} says another thing once it is kept. Of its headers are not kept: "
                    f"{', '.join(lost)}; name what `parse`, `read` and `delivery_id` need in `kept_headers`."
                )


def _said(subject: Subject, delivery: Delivery) -> Parsed | str:
    try:
        return subject.gateway.parse(subject.integration(), delivery)
    except CopilotError as error:
        return str(error)


def texts(value: object) -> Iterator[str]:
    """Every text in a value, however deep; bytes as text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from texts(list(pair))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from texts(item)
    else:
        kind: type[Any] = type(value)
        for field in attrs.fields(kind) if attrs.has(kind) else ():
            yield from texts(getattr(value, field.name))

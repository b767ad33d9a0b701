"""Who may knock at GitLab's door: the secret token, and the signing token of newer versions."""

from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from sre_copilot.adapters.integrations.builtin.gitlab import GitLab
from sre_copilot.domain.errors import NotAuthentic
from sre_copilot.domain.integrations import Secrets
from tests.unit.adapters.integrations.door import NOW, Door

TOKEN, OLD = "current-token-for-tests", "previous-token-for-tests"
KEY, OLD_KEY, OTHER_KEY = ("whsec_" + letter * 43 + "=" for letter in "abc")
BODY = b'{"object_kind": "push"}'
WITH_TOKEN = Door(type="gitlab", secrets={"secret_token": (TOKEN, OLD)})
WITH_KEY = Door(type="gitlab", secrets={"secret_token": (TOKEN,), "signing_token": (KEY, OLD_KEY)})


def signed(key: str = KEY, at: int = 0, **headers: str) -> dict[str, str]:
    moment = NOW + timedelta(seconds=at)
    given = {
        "Webhook-Id": "msg",
        "Webhook-Timestamp": str(int(moment.timestamp())),
        "Webhook-Signature": Webhook(key).sign("msg", moment, BODY.decode()),
    }
    return {**given, **{name.replace("_", "-"): value for name, value in headers.items()}}


@pytest.mark.parametrize("token", [TOKEN, OLD])
def test_the_current_and_the_previous_token_open(token: str) -> None:
    assert WITH_TOKEN.verify(BODY, {"X-Gitlab-Token": token})


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (None, "missing"),
        ("", "missing"),
        ("another", "wrong"),
        (TOKEN[:-1], "wrong"),
        (TOKEN + " ", "wrong"),
        (TOKEN.upper(), "wrong"),
        ("tökén", "wrong"),
        ("rotated-away-for-tests", "wrong"),
    ],
)
def test_any_other_token_is_refused(token: str | None, reason: str) -> None:
    with pytest.raises(NotAuthentic) as caught:
        WITH_TOKEN.verify(BODY, {} if token is None else {"X-Gitlab-Token": token})
    assert caught.value.reason == reason
    assert not token or token not in str(caught.value)


def test_the_token_is_never_kept() -> None:
    delivery = WITH_TOKEN.delivery(BODY, {"X-Gitlab-Token": TOKEN, "X-Gitlab-Event": "Push Hook"})
    stripped = WITH_TOKEN.gateway.strip(WITH_TOKEN.integration, delivery)
    assert stripped.headers == {"X-Gitlab-Event": "Push Hook"}


@pytest.mark.parametrize("key", [KEY, OLD_KEY])
@pytest.mark.parametrize("at", [-300, 0, 300])
def test_a_fresh_signature_of_the_current_or_the_previous_key_opens(key: str, at: int) -> None:
    assert WITH_KEY.verify(BODY, signed(key, at))


def test_one_right_signature_among_several_is_enough() -> None:
    several = f"v1,{'A' * 43}= {Webhook(KEY).sign('msg', NOW, BODY.decode())}"
    assert WITH_KEY.verify(BODY, signed(Webhook_Signature=several))


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "missing"),
        ({"X-Gitlab-Token": TOKEN}, "missing"),
        (signed(Webhook_Signature=""), "missing"),
        (signed(Webhook_Timestamp=""), "missing"),
        (signed(Webhook_Timestamp="soon"), "wrong"),
        (signed(OTHER_KEY), "wrong"),
        (signed(Webhook_Id="other"), "wrong"),
        (signed(Webhook_Signature="v1,short"), "wrong"),
        (signed(Webhook_Signature="v1,ü"), "wrong"),
        (signed(at=-301), "stale"),
        (signed(at=301), "stale"),
        ({**signed(), "Webhook-Timestamp": str(int(NOW.timestamp()) - 10)}, "wrong"),
    ],
)
def test_where_a_signing_token_is_set_up_nothing_else_opens(headers: dict[str, str], reason: str) -> None:
    with pytest.raises(NotAuthentic) as caught:
        WITH_KEY.verify(BODY, headers)
    assert caught.value.reason == reason


def test_a_changed_byte_of_the_body_shows() -> None:
    with pytest.raises(NotAuthentic):
        WITH_KEY.verify(BODY.replace(b"push", b"posh"), signed())


def test_a_signing_token_of_another_form_can_not_be_used() -> None:
    broken = Door(type="gitlab", secrets={"signing_token": ("whsec_no base64",)})
    with pytest.raises(NotAuthentic, match="not of the form whsec_"):
        broken.verify(BODY, signed())


def test_without_any_secret_the_key_decides() -> None:
    assert not Door(type="gitlab").verify(BODY, {"X-Gitlab-Token": TOKEN})


@pytest.mark.parametrize("door", [WITH_TOKEN, WITH_KEY])
def test_what_we_sign_ourselves_is_authentic(door: Door) -> None:
    delivery = GitLab().sign(Secrets(door.secrets), door.delivery(BODY), NOW)
    assert door.verify(BODY, delivery.headers)

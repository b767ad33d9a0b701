"""`/integrations`: the sources of deliveries, how they are configured and how they are doing.

Secrets and keys are written, shown once where the copilot makes them, and never read back.
"""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field, StrictBool, create_model

from sre_copilot.application.configuring import LONGEST_OVERLAP
from sre_copilot.application.queries.integrations import described
from sre_copilot.domain.deliveries import Parsed, Receipt
from sre_copilot.domain.integrations import Feature, Integration
from sre_copilot.domain.signals import Environment
from sre_copilot.entrypoints.http.api.shapes import Asked, Duration, Shape, list_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["integrations"])
IntegrationShape = shape(Integration, None, frozenset({"key", "sealed", "settings", "cursor"}))
ConfiguredIntegration = create_model(
    "ConfiguredIntegration",
    __base__=IntegrationShape,
    settings=(dict[str, Any], ...),
    secrets_set=(dict[str, bool], Field(description="Of each secret only whether it is set.")),
)
_parsed_or_none: Any = shape(Parsed) | None
_receipt_or_none: Any = shape(Receipt) | None
Tried = create_model(
    "Tried", __base__=Shape, works=(str | None, ...), parsed=(_parsed_or_none, ...), receipt=(_receipt_or_none, ...)
)


class KeysShown(Shape):
    """What is shown once: the key, and by name the secrets that the copilot made."""

    key: str
    secrets: dict[str, str]


class CreatedIntegration(KeysShown):
    """A new integration with what is shown once."""

    integration: IntegrationShape  # type: ignore[valid-type]


Overlap = Annotated[Duration, Field(le=LONGEST_OVERLAP.total_seconds())]


class Configured(Asked):
    """What to change; what is left out, or null but for `overlap`, stays. In `settings` only what is named changes, and null takes it back."""

    name: str | None = None
    settings: dict[str, Any] | None = Field(None, description="The type's settings and secrets, by name.")
    overlap: Overlap = Field(0.0, description="Seconds for which secrets that are replaced stay valid.")
    environments: dict[str, Environment] | None = Field(None, description="Words of the vendor for ours.")
    dedup_window: Duration | None = None
    sync_interval: Duration | None = None
    expected_every: Duration | None = None
    expects_heartbeat: StrictBool | None = None
    features: list[Feature] | None = None
    is_active: StrictBool | None = None

    def told(self) -> dict[str, Any]:
        """What the use cases are given."""
        given = {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        for name in ("overlap", "dedup_window", "sync_interval", "expected_every"):
            if name in given:
                given[name] = timedelta(seconds=given[name])
        return given


class Created(Asked):
    """A new integration of an installed type."""

    type: str
    name: str = ""
    settings: dict[str, Any] = Field({}, description="The type's settings and secrets, by name.")
    environments: dict[str, Environment] = Field({}, description="Words of the vendor for ours.")
    dedup_window: Duration | None = None
    sync_interval: Duration | None = None
    expected_every: Duration | None = None

    def told(self) -> dict[str, Any]:
        """What the use case is given."""
        given: dict[str, Any] = {
            "type": self.type,
            "name": self.name,
            "settings": self.settings,
            "environments": self.environments,
        }
        times = {
            "dedup_window": self.dedup_window,
            "sync_interval": self.sync_interval,
            "expected_every": self.expected_every,
        }
        return given | {name: timedelta(seconds=value) for name, value in times.items() if value is not None}


class Rotated(Asked):
    """How long the key and secrets before stay valid."""

    overlap: Overlap = 0.0


class Trying(Asked):
    """Which sample of the type to read, by default the first; `fire` hands it in."""

    sample: str = ""
    fire: StrictBool = False


@router.get("/integrations", response=list_shape(IntegrationShape))
def list_integrations(request: HttpRequest) -> dict[str, Any]:
    """Every integration and how it is doing, by creation."""
    found = copilot().integrations.list(actor=actor_of(request))
    return {"items": [described(row) for row in found]}


@router.post("/integrations", response={201: CreatedIntegration})
def create_integration(request: HttpRequest, response: HttpResponse, body: Created) -> dict[str, Any]:
    """Create an integration. Its key, and secrets that the copilot makes, are shown in this answer and never again."""
    made = copilot().create_integration(actor=actor_of(request), **body.told())
    response["Location"] = f"{request.path}/{made.integration.id}"
    return {"integration": described(made.integration), "key": made.key, "secrets": dict(made.secrets)}


@router.get("/integrations/{uuid:integration_id}", response=ConfiguredIntegration)
def show_integration(request: HttpRequest, integration_id: UUID) -> dict[str, Any]:
    """One integration with its settings."""
    return copilot().integrations.show(actor=actor_of(request), integration_id=integration_id).document


@router.patch("/integrations/{uuid:integration_id}", response=ConfiguredIntegration)
def configure_integration(request: HttpRequest, integration_id: UUID, body: Configured) -> dict[str, Any]:
    """Change its settings and secrets; `is_active` disables it, or enables it again."""
    actor = actor_of(request)
    copilot().configure_integration(actor=actor, integration_id=integration_id, **body.told())
    return copilot().integrations.show(actor=actor, integration_id=integration_id).document


@router.post("/integrations/{uuid:integration_id}/rotate-key", response=KeysShown)
def rotate_integration_key(request: HttpRequest, integration_id: UUID, body: Rotated) -> dict[str, Any]:
    """Give it a new key, and new values of the secrets that the copilot makes; they are shown once."""
    overlap = timedelta(seconds=body.overlap)
    made = copilot().rotate_integration_key(actor=actor_of(request), integration_id=integration_id, overlap=overlap)
    return {"key": made.key, "secrets": dict(made.secrets)}


@router.post("/integrations/{uuid:integration_id}/test", response=Tried)
def try_integration(request: HttpRequest, integration_id: UUID, body: Trying) -> dict[str, Any]:
    """Check its settings and show what a sample becomes; nothing is stored unless it is to `fire`."""
    actor = actor_of(request)
    trial = copilot().integrations.trial(actor=actor, integration_id=integration_id, sample=body.sample)
    receipt = None
    if body.fire and trial.delivery is not None:
        receipt = copilot().ingest(actor=actor, integration_id=integration_id, delivery=trial.delivery)
    return {"works": trial.works, "parsed": trial.parsed, "receipt": receipt}

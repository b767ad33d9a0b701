"""Everything that can be refused, each with a stable code and a sentence that says what to do.

Entrypoints map each class to what their callers understand, such as an exit code.
"""

from datetime import timedelta

from sre_copilot.domain.copilot_error import CopilotError as CopilotError  # noqa: PLC0414 - so that it is found here with the others


class RefusedByRule(CopilotError):
    """A rule of the domain forbids this."""

    code = "refused"


class InvalidTransition(RefusedByRule):
    """The incident's state does not allow this action; choose one of the allowed ones."""

    code = "invalid_transition"


class ConcurrentTransition(RefusedByRule):
    """Somebody else changed the incident first; look at its current state and try again."""

    code = "concurrent_transition"


class MissingConclusion(RefusedByRule):
    """To learn from an incident it needs a resolution summary, and a root cause unless it was inconclusive; give them and try again."""

    code = "missing_conclusion"


class UnfoundedEvidence(RefusedByRule):
    """Evidence must point at something stored: a signal, change, metric, log template or precedent."""

    code = "unfounded_evidence"


class RecommendationDecided(RefusedByRule):
    """This recommendation has been decided already; its status does not allow the step."""

    code = "recommendation_decided"


class AlreadyExists(RefusedByRule):
    """Something with this name exists already; choose another name."""

    code = "already_exists"


class RunbookDeleted(RefusedByRule):
    """The runbook was deleted, so nobody can edit it; restore it first."""

    code = "runbook_deleted"


class TooManySilences(RefusedByRule):
    """The tenant has as many silences in force or to come as it may have; end some that nobody needs any more."""

    code = "too_many_silences"


class KeyInUse(RefusedByRule):
    """Values are sealed with this key, or would be; `sre-copilot keys rotate` moves them to a new one."""

    code = "key_in_use"


class TenantInactive(RefusedByRule):
    """The tenant is inactive or its trial has ended, so nothing is taken in; an administrator has to renew it."""

    code = "tenant_inactive"


class NotQuarantined(RefusedByRule):
    """Only deliveries in quarantine can be replayed; this one was taken in."""

    code = "not_quarantined"


class NotDead(RefusedByRule):
    """Only messages that nobody tries any more can be tried again; this one was sent, or still waits for its turn."""

    code = "not_dead"


class NotifyRefused(RefusedByRule):
    """The target does not take this message and would not take it later either; correct what it names, then retry the message."""

    code = "notify_refused"


class ImmutableRecord(RefusedByRule):
    """This record is part of a trail and can't be changed or deleted."""

    code = "immutable_record"


class ForeignReference(RefusedByRule):
    """The reference points at a row that does not exist in this tenant."""

    code = "foreign_reference"


class InvalidInput(CopilotError):
    """The input can't be used as it is."""

    code = "invalid_input"


class MalformedDelivery(InvalidInput):
    """The delivery is not readable JSON within the limits, so nothing was stored; correct the body and send it again."""

    code = "malformed_delivery"


class DeliveryTooDeep(MalformedDelivery):
    """The delivery is nested deeper than anybody needs, so nothing was stored; send it flatter."""

    code = "delivery_too_deep"


class DeliveryTooLarge(MalformedDelivery):
    """The delivery is larger than its door takes, so nothing was stored; send it in parts."""

    code = "delivery_too_large"


class UnreadableDelivery(InvalidInput):
    """The delivery is well-formed, but its meaning can't be read by the integration; it is kept in quarantine."""

    code = "unreadable_delivery"
    vendor_id: str | None = None
    """The id that the vendor gave the delivery, where it can be told."""


class UnknownIntegrationType(InvalidInput):
    """No installed plugin handles this integration type; `sre-copilot plugins list` shows the installed ones."""

    code = "unknown_integration_type"


class UnreadableCertificate(InvalidInput):
    """This is no X.509 certificate of an RSA key, or its key is too weak to prove anything; get it anew from whoever signs."""

    code = "unreadable_certificate"


class OutgoingRefused(InvalidInput):
    """This address is not one that the copilot may call; correct the URL or the server's name where it is configured."""

    code = "outgoing_refused"


class NotAuthentic(CopilotError):
    """It can't be told that this comes from whom it says; check the key, token or signature."""

    code = "not_authentic"
    reason = "wrong"


class NotPermitted(CopilotError):
    """Your role does not allow this; ask an administrator of the tenant."""

    code = "not_permitted"


class IntegrationDisabled(NotPermitted):
    """The integration is disabled, so nothing is taken in; an administrator can enable it again."""

    code = "integration_disabled"


class NotFound(CopilotError):
    """There is no such thing in this tenant."""

    code = "not_found"


class EnvironmentFault(CopilotError):
    """Something around the copilot is missing or broken."""

    code = "environment"


class DatabaseUnavailable(EnvironmentFault):
    """The database can't be reached; check that it runs and that DATABASE_URL is right."""

    code = "database_unavailable"


class WriteConflict(EnvironmentFault):
    """Two writers got in each other's way, and this one gave way; nothing was stored, so try again."""

    code = "write_conflict"


class IntegrationChanged(EnvironmentFault):
    """The integration or its tenant was changed while a delivery was being read; nothing was stored, so try again."""

    code = "integration_changed"


class TenantBusy(CopilotError):
    """More of the tenant comes than is taken in at a time; nothing was stored, so send it again in a moment, and slower."""

    code = "tenant_busy"
    is_heeded = True  # False where the sender isn't known to repeat what it is told so.


class DatabaseNotReady(EnvironmentFault):
    """The database is reachable but lacks roles or migrations; run what is named here."""

    code = "database_not_ready"


class UnsafeDatabaseRole(EnvironmentFault):
    """DATABASE_URL signs in as a role that is stronger than the app role, so row security would not hold; use the role that `sre-copilot roles sql` creates."""

    code = "unsafe_database_role"


class EmbeddedDatabaseFailed(EnvironmentFault):
    """The embedded PostgreSQL could not be started."""

    code = "embedded_database_failed"


class PluginFailed(EnvironmentFault):
    """An integration plugin raised, overran its deadline or returned something unusable; `sre-copilot plugins list` names it."""

    code = "plugin_failed"
    vendor_id: str | None = None
    """The id that the vendor gave the delivery, where it can be told."""


class PluginBusy(EnvironmentFault):
    """The integration plugin has as many calls to answer as it may have at a time, so nothing was stored; send it again."""

    code = "plugin_busy"


class ContextUnavailable(EnvironmentFault):
    """A store that knows more about the incident can't be asked; check that it runs and is reachable, then diagnose again."""

    code = "context_unavailable"


class OutgoingFailed(EnvironmentFault):
    """A server that is configured can't be reached or gave no usable answer; check that it runs and is reachable."""

    code = "outgoing_failed"


class CredentialsRefused(OutgoingFailed):
    """A server does not accept what the integration is configured to sign in with; give it other secrets."""

    code = "credentials_refused"


class NotifyLater(EnvironmentFault):
    """The target takes no more messages for a while; what waits for it is sent by itself."""

    code = "notify_later"
    retry_after: timedelta | None = None
    """How long it asks to wait, None where it does not say."""


class InvalidSettings(EnvironmentFault):
    """A setting is unknown or has an unusable value; correct the place that is named."""

    code = "invalid_settings"


class KeyRingUnusable(EnvironmentFault):
    """The keys that credentials are sealed with can't be read; set SRE_COPILOT_KEYS to the key file, and see `sre-copilot doctor`."""

    code = "key_ring_unusable"


class SealBroken(EnvironmentFault):
    """A sealed value can't be opened: it was altered, moved from another place, or its key is missing from the key ring. Bring the key back, or enter the value again."""

    code = "seal_broken"

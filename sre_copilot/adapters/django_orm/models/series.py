"""Series, episodes, sightings and correlation decisions."""

from django.db import models
from django.db.models.functions import Now

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class Series(models.Model):
    """All signals with one fingerprint in one tenant; the row that is locked while the series changes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    fingerprint = models.CharField(max_length=64)

    # The signal recorded last, and when it was seen first and last: what a repeat needs, and all that it changes.
    newest_status = models.CharField(max_length=20, null=True, blank=True)
    newest_occurred_at = DateTimeField(null=True, blank=True)
    newest_started_at = DateTimeField(null=True, blank=True)
    newest_received_at = DateTimeField(null=True, blank=True)
    newest_seen_at = DateTimeField(null=True, blank=True)
    newest_expires_at = DateTimeField(null=True, blank=True)
    goes_on = models.BooleanField(default=False, db_default=False)
    # The head in its compact form, null where the whole history has to be read. Nobody asks for parts of it.
    head = models.TextField(null=True, blank=True)

    class Meta:
        db_table = "series"
        constraints = [models.UniqueConstraint(fields=["tenant", "fingerprint"], name="series_fingerprint_unique")]

    def __str__(self) -> str:
        return self.fingerprint


class Sighting(models.Model):
    """That a stored signal was seen again: the earliest and latest receipt and the latest expiry of its repeats."""

    signal_id = models.UUIDField(primary_key=True)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    # Whoever doesn't say it yet writes rows of later than what is seen, which changes nothing.
    first_seen_at = DateTimeField(db_default=Now())
    last_seen_at = DateTimeField()
    expires_at = DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "sightings"

    def __str__(self) -> str:
        return f"{self.signal_id} at {self.last_seen_at}"


class Episode(models.Model):
    """One run of a series from its first firing to its end."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    fingerprint = models.CharField(max_length=64)
    original_id = models.UUIDField()
    # The database checks it with the tenant beside it.
    incident = models.ForeignKey(
        "Incident", on_delete=models.PROTECT, null=True, blank=True, related_name="episodes", db_constraint=False
    )
    started_at = DateTimeField()
    last_seen_at = DateTimeField()
    ended_at = DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=20, null=True, blank=True)
    end_seen_at = DateTimeField(null=True, blank=True)
    due_at = DateTimeField(null=True, blank=True)
    waiting = models.BooleanField(default=False)

    class Meta:
        db_table = "episodes"
        indexes = [
            models.Index(fields=["tenant", "fingerprint"], name="episodes_series"),
            models.Index(fields=["tenant", "due_at"], condition=models.Q(due_at__isnull=False), name="episodes_due"),
            models.Index(fields=["tenant"], condition=models.Q(waiting=True), name="episodes_waiting"),
            models.Index(fields=["incident"], condition=models.Q(ended_at__isnull=True), name="episodes_going_on"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "fingerprint"],
                condition=models.Q(ended_at__isnull=True),
                name="episodes_one_open_per_series",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint[:8]} from {self.started_at}"


class CorrelationDecision(models.Model):
    """Which incident an episode was given to, with every candidate that could have been it (immutable)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    episode_id = models.UUIDField()
    signal_id = models.UUIDField()
    incident_id = models.UUIDField(null=True, blank=True)
    outcome = models.CharField(max_length=50)
    threshold = models.FloatField()
    # A JSON document, as text because nobody asks for parts of it.
    scores = models.TextField()
    ruled_out = models.PositiveIntegerField(default=0, db_default=0)
    at = DateTimeField()
    # The database checks it with the tenant beside it.
    silence = models.ForeignKey(
        "Silence",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    # The order of the turns in which the tenant's decisions were made; 0 for those that are older than the counting.
    number = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "correlation_decisions"
        indexes = [
            models.Index(fields=["tenant", "signal_id"], name="correlation_of_signal"),
            models.Index(fields=["tenant", "number"], name="correlation_in_order"),
            models.Index(
                fields=["tenant", "silence"], condition=models.Q(silence__isnull=False), name="correlation_silenced"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} at {self.at}"


class Correction(models.Model):
    """That people put an episode into another incident, and what correlation had said of the two (immutable)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    at = DateTimeField()
    user = models.ForeignKey("User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    reason = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64)
    # What they name may be gone before they are.
    episode_id = models.UUIDField()
    signal_id = models.UUIDField()
    left = models.ForeignKey(
        "Incident", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    joined = models.ForeignKey("Incident", on_delete=models.PROTECT, related_name="+", db_index=False)
    outcome = models.CharField(max_length=50, null=True, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    # A JSON document, as text because nobody asks for parts of it.
    scores = models.TextField()

    class Meta:
        db_table = "corrections"
        indexes = [models.Index(fields=["tenant", "fingerprint", "at"], name="corrections_of_series")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}"

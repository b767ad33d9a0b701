"""API tokens."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class ApiToken(models.Model):
    """A person's key to the API; only its hash is known here."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=255)
    token_hash = models.CharField(max_length=64)
    hint = models.CharField(max_length=20)
    role = models.CharField(max_length=50)
    scopes = models.JSONField(default=list)
    created_at = DateTimeField()
    expires_at = DateTimeField(null=True, blank=True)
    last_used_at = DateTimeField(null=True, blank=True)
    revoked_at = DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "api_tokens"
        indexes = [models.Index(fields=["tenant", "created_at"], name="api_tokens_by_creation")]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="api_tokens_tenant_id_unique"),
            models.UniqueConstraint(fields=["token_hash"], name="api_tokens_hash_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint})"

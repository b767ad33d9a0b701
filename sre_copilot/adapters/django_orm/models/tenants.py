"""Tenant and user management."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class Tenant(models.Model):
    """Multi-tenant root entity."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=255, help_text="Company/team name")
    slug = models.SlugField(unique=True, max_length=100, help_text="URL-safe identifier")
    plan_type = models.CharField(
        max_length=50,
        choices=[("starter", "Starter"), ("professional", "Professional"), ("enterprise", "Enterprise")],
        default="starter",
    )
    max_services = models.IntegerField(default=5, help_text="Service limit based on plan")
    max_incidents_per_month = models.IntegerField(default=100)
    contact_email = models.EmailField()
    contact_name = models.CharField(max_length=255, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    trial_ends_at = DateTimeField(null=True, blank=True)
    created_at = DateTimeField(auto_now_add=True)
    updated_at = DateTimeField(auto_now=True)

    class Meta:
        db_table = "tenants"
        indexes = [models.Index(fields=["slug"]), models.Index(fields=["is_active"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.slug})"


class User(models.Model):
    """User account, scoped to a tenant."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.CASCADE, related_name="users")
    email = models.EmailField(unique=True)
    azure_ad_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    full_name = models.CharField(max_length=255)
    avatar_url = models.URLField(null=True, blank=True)
    role = models.CharField(
        max_length=50,
        choices=[("admin", "Admin"), ("engineer", "Engineer"), ("viewer", "Viewer")],
        default="engineer",
    )
    slack_user_id = models.CharField(max_length=50, null=True, blank=True)
    slack_email = models.EmailField(null=True, blank=True)
    preferences = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    last_login_at = DateTimeField(null=True, blank=True)
    created_at = DateTimeField(auto_now_add=True)
    updated_at = DateTimeField(auto_now=True)

    class Meta:
        db_table = "users"
        indexes = [
            models.Index(fields=["tenant", "role"]),
            models.Index(fields=["email"]),
            models.Index(fields=["slack_user_id"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="users_tenant_id_unique"),
            models.UniqueConstraint(fields=["tenant", "email"], name="users_tenant_email_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.full_name} ({self.email})"

"""Services and how they depend on each other."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class Service(models.Model):
    """A service of the tenant: declared in its graph, or only seen in signals."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=255)
    declared = models.BooleanField(default=False)
    over_limit = models.BooleanField(default=False)
    first_seen_at = DateTimeField()

    class Meta:
        db_table = "services"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="services_name_unique")]

    def __str__(self) -> str:
        return self.name


class ServiceCall(models.Model):
    """`caller` sends requests to `callee`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    caller = models.CharField(max_length=255)
    callee = models.CharField(max_length=255)

    class Meta:
        db_table = "service_calls"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "caller", "callee"], name="service_calls_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.caller} → {self.callee}"


class ServicePlacement(models.Model):
    """A pod of `service` runs on `host`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    service = models.CharField(max_length=255)
    host = models.CharField(max_length=255)
    pod = models.CharField(max_length=255, blank=True)

    class Meta:
        db_table = "service_placements"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "service", "host", "pod"], name="service_placements_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.pod or self.service} on {self.host}"

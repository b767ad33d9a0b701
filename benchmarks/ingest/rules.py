"""What the storm's Prometheus watches: alerting rules with the labels and annotations that such rules have."""

from collections.abc import Mapping
from urllib.parse import quote_plus

import attrs

CLUSTERS = ("eu-central-1-live", "us-west-2-live", "eu-central-1-test")
SERVICES = (
    *("basket", "checkout", "payment", "invoice", "stock", "warehouse", "parcel", "tracking", "search", "suggest"),
    *("catalogue", "images", "login", "profile", "session", "mailer", "pricing", "voucher", "loyalty", "storefront"),
)


@attrs.frozen(kw_only=True)
class Rule:
    """An alerting rule; `expression` and the texts are templates over the labels and `value`."""

    name: str
    severity: str
    job: str
    container: str
    expression: str
    summary: str
    description: str

    def labels(self, cluster: str, service: str, number: int) -> dict[str, str]:
        """The labels of an alert; those of two numbers always differ."""
        pod = f"{service}-{number * 40503 % 0xFFFFF:05x}-{number:05x}"
        host = f"10-{number >> 14 & 255}-{number >> 7 & 127}-{number & 127}"
        return {
            "alertname": self.name,
            "cluster": cluster,
            "container": self.container,
            "endpoint": "metrics",
            "instance": f"{host.replace('-', '.')}:9090",
            "job": self.job,
            "namespace": f"{service}-{cluster.rpartition('-')[2]}",
            "node": f"worker-{host}.{cluster}.internal.example.com",
            "pod": pod,
            "prometheus": "observability/main",
            "service": service,
            "severity": self.severity,
            "team": f"{service}-crew",
        }

    def annotations(self, labels: Mapping[str, str], value: str) -> dict[str, str]:
        """The annotations of an alert."""
        told = {**labels, "value": value}
        where = f"var-cluster={labels['cluster']}&var-pod={labels['pod']}"
        return {
            "dashboard": f"https://dashboards.example.com/d/{labels['service']}/overview?{where}&from=now-3h&to=now",
            "description": self.description.format(**told),
            "runbook_url": f"https://runbooks.example.com/alerts/{self.name.lower()}.html",
            "summary": self.summary.format(**told),
        }

    def generator_url(self, cluster: str) -> str:
        """Where Prometheus shows the expression."""
        return f"https://prometheus.{cluster}.example.com/graph?g0.expr={quote_plus(self.expression)}&g0.tab=1"


RULES = (
    Rule(
        name="PodRestartsOften",
        severity="warning",
        job="kube-state-metrics",
        container="main",
        expression='increase(kube_pod_container_status_restarts_total{job="kube-state-metrics"}[15m]) > 3',
        summary="A pod of {service} restarts again and again.",
        description="{pod} in {namespace} ({cluster}) restarted {value} times within 15 minutes; container {container}.",
    ),
    Rule(
        name="PodNotReady",
        severity="warning",
        job="kube-state-metrics",
        container="main",
        expression='min_over_time(kube_pod_status_ready{condition="true",job="kube-state-metrics"}[10m]) == 0',
        summary="A pod of {service} is not ready.",
        description="{pod} in {namespace} on {node} has not been ready for ten minutes.",
    ),
    Rule(
        name="RequestsFail",
        severity="critical",
        job="ingress",
        container="main",
        expression='sum by (service, pod) (rate(requests_total{code=~"5.."}[5m])) / sum by (service, pod) (rate(requests_total[5m])) > 0.02',
        summary="{service} fails too many requests.",
        description="{value} % of the requests to {pod} ({cluster}) were answered with a server error over five minutes.",
    ),
    Rule(
        name="RequestsSlow",
        severity="warning",
        job="ingress",
        container="main",
        expression="histogram_quantile(0.99, sum by (le, service, pod) (rate(request_seconds_bucket[5m]))) > 1.5",
        summary="{service} answers slowly.",
        description="The slowest hundredth of the requests to {pod} in {namespace} takes more than {value} s.",
    ),
    Rule(
        name="OutOfMemory",
        severity="critical",
        job="kubelet",
        container="main",
        expression='kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1',
        summary="A container of {service} ran out of memory.",
        description="Container {container} of {pod} was ended on {node} because it needed more memory than it may have.",
    ),
    Rule(
        name="DiskFillsUp",
        severity="critical",
        job="node-exporter",
        container="node-exporter",
        expression='predict_linear(node_filesystem_avail_bytes{fstype!~"tmpfs|overlay"}[6h], 4 * 3600) < 0',
        summary="The disk of {node} will be full within four hours.",
        description="{instance} has {value} % left on its data disk, and loses more each hour.",
    ),
    Rule(
        name="ReplicaLags",
        severity="critical",
        job="postgres-exporter",
        container="postgres",
        expression="pg_replication_lag_seconds > 60 and on (instance) pg_replication_is_replica == 1",
        summary="A replica of {service}'s database lags behind.",
        description="{pod} ({cluster}) is {value} s behind its primary.",
    ),
    Rule(
        name="ConnectionsUsedUp",
        severity="warning",
        job="postgres-exporter",
        container="postgres",
        expression="sum by (instance, pod) (pg_stat_activity_count) > 0.85 * min by (instance, pod) (pg_settings_max_connections)",
        summary="{service}'s database has hardly any connections left.",
        description="{value} % of the connections that {instance} allows are in use.",
    ),
    Rule(
        name="QueueGrows",
        severity="warning",
        job="broker-exporter",
        container="consumer",
        expression="sum by (service, pod) (queue_messages_waiting) > 50000 and deriv(queue_messages_waiting[15m]) > 0",
        summary="Messages for {service} pile up.",
        description="{pod} does not keep up: {value} thousand messages wait, and they become more.",
    ),
    Rule(
        name="TargetGone",
        severity="warning",
        job="prometheus",
        container="main",
        expression="100 * avg by (job, namespace, service) (up == bool 0) > 25",
        summary="{service} can't be watched.",
        description="{value} % of what is watched of {service} in {namespace} does not answer, {instance} among it.",
    ),
    Rule(
        name="CertificateEnds",
        severity="info",
        job="prober",
        container="prober",
        expression="probe_ssl_earliest_cert_expiry - time() < 14 * 86400",
        summary="A certificate of {service} ends soon.",
        description="The certificate that {instance} shows for {service} is valid for {value} more days.",
    ),
    Rule(
        name="BudgetBurns",
        severity="critical",
        job="slo",
        container="main",
        expression="slo:errors:ratio_rate1h > 14.4 * 0.001 and slo:errors:ratio_rate5m > 14.4 * 0.001",
        summary="{service} spends its error budget too fast.",
        description="At {value} times the allowed rate, what {service} may fail in a month is used up within two days ({pod}).",
    ),
)

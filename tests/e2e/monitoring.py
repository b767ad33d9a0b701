"""Debian's Prometheus and Alertmanager, as they are installed, each with a folder of its own."""

import http.client
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.server import free_port

PATIENCE = 60.0


def program(name: str) -> str:
    """The path of a program; without it the test is skipped, which `.ci/run` sees to by installing it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install prometheus prometheus-alertmanager")
    return found


@contextmanager
def running(arguments: list[str], port: int, folder: Path) -> Iterator[None]:
    """Run a program until the block ends, once it is ready."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, cwd=folder)
    try:
        deadline = time.monotonic() + PATIENCE
        while not is_ready(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def is_ready(port: int) -> bool:
    """Whether the program at this port answers that it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def reload(port: int) -> None:
    """Let the Prometheus at this port read its files again."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/-/reload")
    assert connection.getresponse().status == 200
    connection.close()


@contextmanager
def alertmanager(folder: Path, webhook: str, key: str, *, peer: int | None = None) -> Iterator[tuple[int, int]]:
    """An Alertmanager whose only receiver is this webhook; its port, and the one by which a twin joins it."""
    folder.mkdir()
    port, cluster = free_port(), free_port()
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: ours, group_wait: 0s, group_interval: 1s, repeat_interval: 1h, group_by: [alertname]}\n"
        "receivers:\n"
        "  - name: ours\n"
        "    webhook_configs:\n"
        f"      - url: {webhook}\n"
        "        send_resolved: true\n"
        f"        http_config: {{authorization: {{type: Bearer, credentials: {key}}}}}\n"
    )
    arguments = [
        program("prometheus-alertmanager"),
        "--config.file=alertmanager.yml",
        "--storage.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--cluster.listen-address=127.0.0.1:{cluster}",
        "--cluster.advertise-address=127.0.0.1:" + str(cluster),
        "--cluster.settle-timeout=1s",
        *([f"--cluster.peer=127.0.0.1:{peer}"] if peer else []),
    ]
    with running(arguments, port, folder):
        yield port, cluster


@contextmanager
def prometheus(folder: Path, alertmanager_port: int, key: str) -> Iterator[int]:
    """A Prometheus with one rule that fires, and this Alertmanager; its port."""
    folder.mkdir()
    port = free_port()
    (folder / "rules.yml").write_text(
        "groups:\n"
        "  - name: shop\n"
        "    interval: 1s\n"
        "    rules:\n"
        "      - alert: CheckoutDown\n"
        "        expr: vector(1) > 0\n"
        "        labels: {severity: critical, service: checkout, environment: production}\n"
        "        annotations: {summary: Checkout is down}\n"
    )
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        "rule_files: [rules.yml]\n"
        f"scrape_configs: [{{job_name: prometheus, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
        "alerting:\n"
        "  alertmanagers:\n"
        f"    - static_configs: [{{targets: ['127.0.0.1:{alertmanager_port}']}}]\n"
        f"      authorization: {{type: Bearer, credentials: {key}}}\n"
    )
    arguments = [
        program("prometheus"),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=1s",
        "--web.enable-lifecycle",
    ]
    with running(arguments, port, folder):
        yield port

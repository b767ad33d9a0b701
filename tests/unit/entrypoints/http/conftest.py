"""Django as our own server sets it up, for views that are called without a server."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from sre_copilot.entrypoints.http import django_settings, running

django_settings.configure()


@pytest.fixture(autouse=True)
def serving() -> Iterator[None]:
    """Our paths, whoever configured Django first in this process; what a test serves is not served in the next."""
    with override_settings(ROOT_URLCONF=django_settings.URLS, MIDDLEWARE=[django_settings.EDGE], ALLOWED_HOSTS=["*"]):
        yield
    running.forget()

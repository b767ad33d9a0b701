"""How Django is set up in the processes of our own server; a project that includes our paths has settings of its own."""

from sre_copilot.adapters.django_orm import setup

URLS = "sre_copilot.entrypoints.http.urls"
EDGE = "sre_copilot.entrypoints.http.middleware.Edge"


def configure() -> None:
    """Configure Django for serving. The first thing that a server does: what is configured stays so."""
    setup.configure(
        ROOT_URLCONF=URLS,
        MIDDLEWARE=[EDGE],
        # Whoever is asked for by another name is asked all the same: nothing of an answer depends on it.
        ALLOWED_HOSTS=["*"],
        # Bodies are bounded before Django sees them.
        DATA_UPLOAD_MAX_MEMORY_SIZE=None,
        LOGGING_CONFIG=None,
        DEBUG=False,
    )

"""The smallest Django configuration that lets the mypy plugin load our models and those of the project in tests/projects.

Nothing is ever connected.
"""

INSTALLED_APPS = ["sre_copilot.adapters.django_orm", "ovens"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "typing"}}
SECRET_KEY = "only for type checking"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

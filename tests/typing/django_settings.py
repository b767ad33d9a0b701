"""The smallest Django configuration that lets the mypy plugin load our models; nothing is ever connected."""

from importlib.util import find_spec

INSTALLED_APPS = ["sre_copilot.adapters.django_orm"] if find_spec("sre_copilot.adapters.django_orm") else []
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "typing"}}
SECRET_KEY = "only for type checking"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

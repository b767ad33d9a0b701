"""The smallest Django configuration that lets the mypy plugin load our models; nothing is ever connected."""

INSTALLED_APPS = ["sre_copilot.adapters.django_orm"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "typing"}}
SECRET_KEY = "only for type checking"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

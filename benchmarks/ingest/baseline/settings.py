"""The settings of the baseline."""

import os

SECRET_KEY = "of no use here: nothing is signed"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "benchmarks.ingest.baseline.urls"
INSTALLED_APPS = ["benchmarks.ingest.baseline"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["BASELINE_DATABASE"],
        "USER": os.environ["BASELINE_USER"],
        "PASSWORD": os.environ["BASELINE_PASSWORD"],
        "HOST": os.environ["BASELINE_HOST"],
        "PORT": os.environ["BASELINE_PORT"],
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": 600,
    }
}

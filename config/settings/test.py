"""Tests: the same engines with throw-away data, quick hashes, mail in memory."""

import os

from config import env
from config.embedded import prepare, test_data_dir
from config.settings.base import *
from config.settings.base import BASE_DIR, engines

DATA_DIR = test_data_dir(BASE_DIR)
SECRET_KEY = "only-for-tests-" + "0" * 40
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]

_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
_database, _redis = prepare(DATA_DIR)
_engines = engines(_database, _redis, redis_first=3 * (int(_worker) % 5))
DATABASES = _engines["DATABASES"]
DATABASES["default"]["OPTIONS"] |= {"options": "-c mdk.allow_flush=on"}
DATABASES["default"]["TEST"] = {"NAME": env.text("MDK_TEST_DATABASE", "test_mdk")}
CACHES = _engines["CACHES"]
REDIS_URL = _engines["REDIS_URL"]
CELERY_BROKER_URL = _engines["CELERY_BROKER_URL"]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True  # looks for a file when asked, and does not read all of them for every test client
LOGGING = {"version": 1, "disable_existing_loggers": False}

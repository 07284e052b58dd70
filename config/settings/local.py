"""Development and the demo, on the embedded engines of DATA_DIR unless addresses are given."""

import os

from config import env
from config.embedded import addresses
from config.local_secret import secret_key
from config.settings.base import *
from config.settings.base import DATA_DIR, INSTALLED_APPS, engines

DEBUG = env.flag("MDK_DEBUG", default=True)
DEMO = env.flag("MDK_DEMO", default=True)
SECRET_KEY = os.environ.get("MDK_SECRET_KEY") or secret_key(DATA_DIR)
ALLOWED_HOSTS = env.listed("MDK_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.listed("MDK_TRUSTED_ORIGINS")
IMAGE_VIEWER_HOSTS = env.listed("MDK_IMAGE_VIEWER_HOSTS", ["pacs.example"])
INTERNAL_IPS = ["127.0.0.1"]

_database, _redis = addresses(DATA_DIR)
_engines = engines(_database, _redis, pool=env.integer("MDK_DB_POOL", 0, most=100))
DATABASES = _engines["DATABASES"]
CACHES = _engines["CACHES"]
REDIS_URL = _engines["REDIS_URL"]
CELERY_BROKER_URL = _engines["CELERY_BROKER_URL"]

INSTALLED_APPS = ["whitenoise.runserver_nostatic", *INSTALLED_APPS]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "media"

MLLP_UNIT = env.text("MDK_MLLP_UNIT", "Demosjukhuset" if DEMO else "")

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"

"""The real thing: real engines behind a proxy. Refuses to start on anything that belongs to a demo."""

from config import env
from config.settings.base import *
from config.settings.base import engines

DEFAULT_SECRETS = ("change-me", "changeme", "secret", "django-insecure", "only-for-tests")

if env.flag("MDK_DEMO", default=False):
    raise env.bad("MDK_DEMO", "1", "0: production has no demo people and refuses their password")
if env.flag("MDK_DEBUG", default=False):
    raise env.bad("MDK_DEBUG", "1", "0: error pages with data and settings are not for production")

_random = "at least 50 random characters, for example from `openssl rand -base64 48`"
SECRET_KEY = env.text("MDK_SECRET_KEY", expected=_random, least=50)
if SECRET_KEY.lower().startswith(DEFAULT_SECRETS) or len(set(SECRET_KEY)) < 12:
    raise env.bad("MDK_SECRET_KEY", SECRET_KEY, _random)

ALLOWED_HOSTS = env.listed("MDK_ALLOWED_HOSTS")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise env.bad("MDK_ALLOWED_HOSTS", ",".join(ALLOWED_HOSTS) or None, "the names of the site, e.g. mdk.example.se")
CSRF_TRUSTED_ORIGINS = env.listed("MDK_TRUSTED_ORIGINS", [f"https://{host}" for host in ALLOWED_HOSTS])
BASE_URL = env.text("MDK_BASE_URL", f"https://{ALLOWED_HOSTS[0]}")
if not BASE_URL.startswith("https://"):
    raise env.bad("MDK_BASE_URL", BASE_URL, "an address that begins with https://")

_engines = engines(
    env.text("DATABASE_URL", expected="postgresql://user:password@host:5432/name"),
    env.text("REDIS_URL", expected="redis://host:6379/0"),
    pool=env.integer("MDK_DB_POOL", 0, most=200),
)
DATABASES = _engines["DATABASES"]
CACHES = _engines["CACHES"]
REDIS_URL = _engines["REDIS_URL"]
CELERY_BROKER_URL = _engines["CELERY_BROKER_URL"]

# The proxy ends TLS and tells us so (uvicorn --proxy-headers takes the client's address from it).
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.flag("MDK_TLS_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.integer("MDK_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

MLLP_UNIT = env.text("MDK_MLLP_UNIT", "")

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("MDK_MAIL_HOST", "localhost")
EMAIL_PORT = env.integer("MDK_MAIL_PORT", 25, least=1, most=65535)
EMAIL_HOST_USER = env.text("MDK_MAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("MDK_MAIL_PASSWORD", "")
EMAIL_USE_TLS = env.flag("MDK_MAIL_TLS", default=False)
EMAIL_TIMEOUT = 20

"""The settings of the measurements: as the demo runs, without debugging, with the bare templates beside the real ones."""

from config.settings.local import *  # noqa: F403
from config.settings.local import ALLOWED_HOSTS, BASE_DIR
from config.settings.local import TEMPLATES as HOUSE_TEMPLATES

DEBUG = False
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]
TEMPLATES = [HOUSE_TEMPLATES[0] | {"DIRS": [*HOUSE_TEMPLATES[0]["DIRS"], BASE_DIR / "tests" / "bench" / "templates"]}]
ROOT_URLCONF = "tests.bench.urls"

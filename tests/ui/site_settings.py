"""Settings of the pages under test: the real templates and static files, without database, sign-in or other rooms."""

from config.settings import *  # noqa: F403
from config.settings import TEMPLATES

INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "plumbing"]
ROOT_URLCONF = "tests.ui.site_urls"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES[0]["OPTIONS"]["context_processors"] = [  # type: ignore[index]
    "django.template.context_processors.request",
    "tests.ui.site_urls.shell",
]

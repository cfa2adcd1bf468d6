"""Settings of every process. Each value that an operator may set is an environment variable named MUSTER_*.

MUSTER_MODE is `demo` (default: one process, SQLite, loopback only), `production` or `test`.
The reasons behind the database, Celery and channel options: docs/adr/ and runtime.md, section 3.
"""

import os
import sys
from pathlib import Path
from typing import Any

if sys.platform == "linux":  # Python's own SQLite is often older than the fix of the WAL-reset bug (3.51.3)
    import pysqlite3

    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

import dj_database_url
from csp.constants import NONE, SELF

from config.mail import mail_server
from config.siem import siem

BASE_DIR = Path(__file__).resolve().parent.parent
MODE = os.environ.get("MUSTER_MODE", "demo")
DEMO, PRODUCTION = MODE == "demo", MODE == "production"
DATA_DIR = Path(os.environ.get("MUSTER_DATA", BASE_DIR / "var"))


def listed(name: str, default: str = "") -> list[str]:
    """A comma-separated environment variable as a list without blanks."""
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


DEFAULT_SECRET = "demo-only-not-a-secret-0123456789-abcdefghijklmnopqrstuvwxyz"  # noqa: S105 - production refuses it
SECRET_KEY = os.environ.get("MUSTER_SECRET_KEY", DEFAULT_SECRET)
DEBUG = os.environ.get("MUSTER_DEBUG", "") == "1"
ALLOWED_HOSTS = listed("MUSTER_HOSTS", "127.0.0.1,localhost,[::1]" if not PRODUCTION else "")
ORIGIN = os.environ.get("MUSTER_ORIGIN", "")  # https://muster.bank.example; empty: same host as the request
CSRF_TRUSTED_ORIGINS = [ORIGIN] if ORIGIN else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "guardian",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "config",
    "incidents",
    "runbooks",
    "approvals",
    "catalog",
    "audit",
    "plumbing",
]
MIDDLEWARE = [
    "config.middleware.AnswersStayHere",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.AddressesAreText",
    "config.errors.DomainErrorMiddleware",
    "config.middleware.SignedInPagesAreNotStored",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.shell",
            ],
        },
    }
]

# ---- database -------------------------------------------------------------------------------------------------------
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728; "
    "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-16000; PRAGMA recursive_triggers=ON; "
    "PRAGMA secure_delete=ON;"
)
DATABASE_URL = os.environ.get("MUSTER_DATABASE_URL", "")
IS_CELERY_WORKER = os.environ.get("MUSTER_PROCESS") == "worker"  # Celery closes a pool after every task: none there
DATABASES: dict[str, dict[str, Any]]
if DATABASE_URL:
    KEPT_S = 60 if IS_CELERY_WORKER else 0  # a worker's few threads keep theirs; ASGI's many would exhaust the server
    DATABASES = {"default": {**dj_database_url.parse(DATABASE_URL), "CONN_MAX_AGE": KEPT_S, "CONN_HEALTH_CHECKS": True}}
    if not IS_CELERY_WORKER and MODE != "test":
        POOL = {"min_size": 1, "max_size": 8, "timeout": 10, "max_lifetime": 1800, "max_idle": 300}
        DATABASES["default"].setdefault("OPTIONS", {})["pool"] = POOL
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "muster.sqlite3",
            "CONN_MAX_AGE": 0,  # persistent connections leak descriptors under ASGI
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_PRAGMAS},
        }
    }
# 0 behind a pooler that gives each transaction another connection and knows no prepared statements (PgBouncer < 1.21)
PREPARED_STATEMENTS = os.environ.get("MUSTER_PREPARED_STATEMENTS", "1") == "1"
if test_name := os.environ.get("MUSTER_TEST_NAME"):  # several test runs side by side on one PostgreSQL
    DATABASES["default"]["TEST"] = {"NAME": f"test_muster_{test_name}" if DATABASE_URL else None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---- people ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "catalog.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "sign-in", "home", "sign-in"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# ---- second factors (docs/adr/0010) ---------------------------------------------------------------------------------
ACCOUNT_ADAPTER, MFA_ADAPTER = "catalog.adapters.AccountAdapter", "catalog.adapters.FactorAdapter"
ACCOUNT_LOGIN_TIMEOUT = 300  # seconds between the password and the second factor
ACCOUNT_RATE_LIMITS = (
    False  # counted in a cache, per process; ours are counted in the database, for all: services/tries
)
ACCOUNT_EMAIL_VERIFICATION, MFA_ALLOW_UNVERIFIED_EMAIL = "none", True  # accounts are made by administrators
ACCOUNT_LOGIN_METHODS, ACCOUNT_SIGNUP_FIELDS = {"username"}, ["username*", "password1*"]
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Muster"
MFA_TOTP_TOLERANCE = 1  # a step of 30 s before and after: clocks differ. Each code counts once all the same
MFA_RECOVERY_CODE_DIGITS = 10
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # finger, face or PIN: somebody's key left in a machine is not enough

# ---- browser --------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],  # coordinates of the run graph
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # a link in a page must open the decision signed in
SESSION_COOKIE_AGE = 12 * 3600
if PRODUCTION:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS, SECURE_HSTS_INCLUDE_SUBDOMAINS, SECURE_HSTS_PRELOAD = 31536000, True, True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576  # 1 MiB; the intake states its own, smaller limit

LANGUAGE_CODE, TIME_ZONE, USE_I18N, USE_TZ = "en-gb", "UTC", False, True
STATIC_URL, STATIC_ROOT = "/static/", DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]

# ---- API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "catalog.api_authentication.MachineTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.parsers.BoundedJSON"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "config.errors.api_exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Muster API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ServiceKindEnum": "catalog.states.ServiceKind",
        "UserKindEnum": "catalog.states.UserKind",
        "ContactKindEnum": "catalog.states.ContactKind",
        "NoticeStateEnum": "catalog.states.NoticeState",
        "TeamRoleEnum": "catalog.states.Role",
        "IncidentRoleEnum": "incidents.states.IncidentRole",
        "PhaseEnum": "incidents.states.Phase",
        "VersionStateEnum": "runbooks.models.VersionState",
        "RequestStateEnum": "approvals.states.RequestState",
        "ConditionKindEnum": "approvals.states.ConditionKind",
        "ApprovalVerdictEnum": "approvals.states.Verdict",
        "WorksheetVerdictEnum": "audit.serializers.regimes.YES_NO",
        "SignalStateEnum": "incidents.states.SignalState",
        "RunStateEnum": "runbooks.states.RunState.choices",
        "StepStateEnum": "runbooks.states.StepState.choices",
        "AttemptStateEnum": "runbooks.states.AttemptState.choices",
    },
}

# ---- doorbells: broker and channel layer ----------------------------------------------------------------------------
REDIS_URL = os.environ.get("MUSTER_REDIS_URL", "")
CELERY_BROKER_URL = os.environ.get("MUSTER_BROKER_URL", REDIS_URL or "memory://localhost/")
if CELERY_BROKER_URL.startswith("memory:"):
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"polling_interval": 0.02}
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_connect_timeout": 1, "socket_timeout": 2, "socket_keepalive": True, "health_check_interval": 10,
        "max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0,
    }  # fmt: skip
else:  # RabbitMQ: without a confirmation a ring to a frozen server would count as heard, and nobody would sweep
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True, "connect_timeout": 1, "write_timeout": 2}
    CELERY_BROKER_HEARTBEAT = 10  # a worker notices a silent server, and connects again
EXECUTOR = os.environ.get("MUSTER_EXECUTOR", "")  # a worker with a label takes only steps that ask for it
HOUSE_QUEUE = os.environ.get("MUSTER_QUEUE", "muster")
CELERY_TASK_DEFAULT_QUEUE = f"{HOUSE_QUEUE}.executor.{EXECUTOR}" if EXECUTOR else HOUSE_QUEUE
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = False  # the lease recovers, not the message
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
if REDIS_URL:
    CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_connect_timeout": 1}],
                       "prefix": os.environ.get("MUSTER_REDIS_PREFIX", "muster")},
        }
    }  # fmt: skip
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100}}}

# ---- Muster's own ---------------------------------------------------------------------------------------------------
LEASE_S = float(os.environ.get("MUSTER_LEASE_S", "30"))  # a worker that is silent for so long has lost its attempt
SWEEP_EVERY_S = float(os.environ.get("MUSTER_SWEEP_EVERY_S", "1"))
WORKER_THREADS = int(os.environ.get("MUSTER_WORKER_THREADS", "4"))
# what `http` and `probe` may reach beside public addresses: host, host:port or CIDR
EGRESS_ALLOW = listed("MUSTER_EGRESS_ALLOW", "127.0.0.0/8" if DEMO else "")
SECRETS_DIR = os.environ.get("MUSTER_SECRETS_DIR", "")  # files named like the secrets in them
SECRET_PROVIDERS = listed("MUSTER_SECRET_PROVIDERS", "plumbing.secrets.Folder,plumbing.secrets.Environment")
TOOLBOX_FILE = os.environ.get("MUSTER_TOOLBOX", "")  # what actions may use: docs/how-to/fill-the-toolbox.md
LEDGER_ORIGIN = os.environ.get("MUSTER_LEDGER_ORIGIN", "muster.localhost/evidence")
RETENTION_FILE = os.environ.get("MUSTER_RETENTION", "")  # other retention classes: docs/how-to/hold-a-stream.md
LEDGER_KEY_FILE = Path(os.environ.get("MUSTER_LEDGER_KEY", DATA_DIR / "ledger-key.pem"))
SIGNER = os.environ.get("MUSTER_SIGNER", "")  # unix:/run/muster/signer.sock; empty: each process signs by itself
SIGNER_DIR = Path(os.environ.get("MUSTER_SIGNER_DIR", DATA_DIR / "signer"))  # what a signer of our own remembers
PACKS_DIR = Path(os.environ.get("MUSTER_PACKS_DIR", DATA_DIR / "packs"))  # shared by all machines, where there are more
FILES_DIR = Path(os.environ.get("MUSTER_FILES_DIR", DATA_DIR / "files"))  # files that entries name by digest; shared

# ---- who outside keeps checkpoints: docs/how-to/ use-a-time-stamp-authority, run-a-witness, anchor-checkpoints
TSA_URLS = listed("MUSTER_TSA_URLS")  # authorities of RFC 3161, asked in this order
TSA_TRUST = os.environ.get("MUSTER_TSA_TRUST", "")  # PEM file: the certificates that their chains end at
WITNESSES = listed("MUSTER_WITNESSES")  # "https://witness.example name+id+key"
ANCHORS = listed("MUSTER_ANCHORS")  # file:/path, s3://bucket/prefix?…, mailto:somebody@example

PACKS_IN_CHILD = MODE != "test"  # a process of its own for each pack; tests can't share their database with one
PACK_MEMORY_MB = int(os.environ.get("MUSTER_PACK_MEMORY_MB", "2048"))  # of address space; it uses a third of it
FILE_LIMIT = int(os.environ.get("MUSTER_FILE_LIMIT_MB", "50")) * 1_048_576  # of one file that is attached
ORG_CERT, ORG_KEY = os.environ.get("MUSTER_ORG_CERT", ""), os.environ.get("MUSTER_ORG_KEY", "")  # who signs packs
ORG_PASSWORD = os.environ.get("MUSTER_ORG_PASSWORD", "")  # of that key
TRUSTED_LOGS = listed("MUSTER_TRUSTED_LOGS")  # vkeys of other installations whose packs are checked here
VERIFY_LIMIT = int(os.environ.get("MUSTER_VERIFY_LIMIT_MB", "512")) * 1_048_576  # of a pack that is checked on a page

# ---- reaching people: docs/how-to/reach-people.md -------------------------------------------------------------------
LINKS_BEGIN = ORIGIN or f"http://127.0.0.1:{os.environ.get('MUSTER_PORT', '8000')}"  # where a notice leads to
SEALING_KEYS = listed("MUSTER_SEALING_KEYS")  # of addresses: base64 of 32 bytes each; the first seals, all open
SEALING_KEYS_FILE = Path(os.environ.get("MUSTER_SEALING_KEYS_FILE", DATA_DIR / "sealing-keys"))
NOTIFY_SCHEMES = listed(  # of apprise: services on the web. What names a host of its own is for the operator to add
    "MUSTER_NOTIFY_SCHEMES",
    "slack,workflow,workflows,discord,tgram,gchat,wxteams,webex,zulip,mmosts,rockets,ntfy,ntfys,gotifys,"
    "pagerduty,opsgenie,victorops,splunk,squadcast,ilert,signl4,incidentio,betterstack,pover,twilio,threema",
)
MAIL = mail_server(os.environ.get("MUSTER_EMAIL_URL", ""))
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.host, MAIL.port, MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_TIMEOUT = MAIL.starttls, MAIL.tls, 10
DEFAULT_FROM_EMAIL = os.environ.get("MUSTER_EMAIL_FROM", "Muster <muster@localhost>")

# ---- security events: docs/how-to/send-security-events.md -----------------------------------------------------------
SIEM = siem(os.environ.get("MUSTER_SIEM_URL", ""))
SIEM_TOKEN = os.environ.get("MUSTER_SIEM_TOKEN", "")  # sent to a webhook as a bearer token

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": os.environ.get("MUSTER_LOG", "WARNING"), "handlers": ["console"]},
}

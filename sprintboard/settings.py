"""The one settings file. The environment decides; without it, safe embedded defaults.

Embedded (the default) needs no server: SQLite, a key file, mail in a folder. With
`SPRINTBOARD_MODE=production` the program refuses to start without what it needs.
"""

import logging
import os
import secrets
import stat
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from sprintboard import environment, logs

BASE_DIR = Path(__file__).resolve().parent.parent
MODES = ("embedded", "production")
env = environ.Env()

PRODUCTION = environment.choice("SPRINTBOARD_MODE", MODES, default="embedded") == "production"
DEBUG = environment.flag("DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG=1 would show the program's inside to visitors.")
HOME = Path(env.str("SPRINTBOARD_HOME", default=str(BASE_DIR / "var"))).resolve()


def needed(name: str) -> str | None:
    """Return a value that production cannot start without, and embedded mode can."""
    return environment.required(name) if PRODUCTION else environment.value(name)


def embedded_secret_key() -> str:
    """Return this installation's own key; made on the first start, readable by its owner alone."""
    path = HOME / "secret_key"
    try:
        HOME.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ImproperlyConfigured(f"{path} can be read by others: chmod 600 it.") from None
    else:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(64))
    return path.read_text(encoding="utf-8").strip()


SECRET_KEY = environment.checked_key("SECRET_KEY", needed("SECRET_KEY") or embedded_secret_key())
SECRET_KEY_FALLBACKS = [
    environment.checked_key("SECRET_KEY_FALLBACKS", key)
    for key in environment.words("SECRET_KEY_FALLBACKS")
]

# Where people reach us ------------------------------------------------------------------------
PORT = environment.number("PORT", default=8000, most=65_535)
SITE_URL = environment.site_url(
    needed("SITE_URL") or f"http://127.0.0.1:{PORT}",
    production=PRODUCTION,
    insecure=environment.flag("SPRINTBOARD_INSECURE", default=False),
)
_site = urlsplit(SITE_URL)
HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = [
    str(_site.hostname),
    *environment.words("EXTRA_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1"]),
]
if any("*" in host for host in ALLOWED_HOSTS):
    raise ImproperlyConfigured("EXTRA_HOSTS must name hosts; “*” would trust any Host header.")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if HTTPS else []
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", default=0, most=9)
if PRODUCTION:
    environment.checked_proxies(
        trusted=TRUSTED_PROXIES, addresses=env.str("FORWARDED_ALLOW_IPS", default=""), https=HTTPS
    )
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
METRICS_TOKEN = environment.token("METRICS_TOKEN")

# Parts ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "sprintboard.statics.StaticFiles",  # leaves out of collectstatic what no page loads
    "django.contrib.admin",
    "django.forms",
    "allauth",
    "allauth.account",
    "django_htmx",
    "template_partials",
    "csp",
    "lucide",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "activity",
    "people",
    "live",
    "notifications",
    "conversation",
    "campaigns",
    "backlog",
    "requests_intake",
    "reviews",
    "sprintboard",
]

MIDDLEWARE = [
    "sprintboard.request_log.RequestLogMiddleware",
    "sprintboard.metrics.MetricsDoorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "sprintboard.security.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "people.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "people.middleware.ReaderMiddleware",
    "sprintboard.security.NoStoreMiddleware",
    "sprintboard.errors.ErrorsMiddleware",
]

ROOT_URLCONF = "sprintboard.urls"
WSGI_APPLICATION = "sprintboard.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

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
                "sprintboard.shell.shell",
            ],
            "builtins": ["sprintboard.templatetags.ui", "django.templatetags.i18n"],
        },
    }
]

# Data -----------------------------------------------------------------------------------------
DATABASES = {
    "default": environment.database(
        needed("DATABASE_URL") or f"sqlite:///{HOME / 'db.sqlite3'}",
        password=environment.value("DATABASE_PASSWORD"),
        production=PRODUCTION,
    )
}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: a transaction that reads and then writes would otherwise fail under another writer
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
            "PRAGMA busy_timeout=20000;"
        ),
    }
    # file SQLite in tests too, so that threads and processes meet each other there
    if _test_name := env.str("SPRINTBOARD_TEST_DB", default=""):
        _database["TEST"] = {"NAME": _test_name}
else:
    _database["OPTIONS"] = {
        "connect_timeout": 3,
        "options": (
            "-c statement_timeout=15s -c lock_timeout=3s -c idle_in_transaction_session_timeout=30s"
        ),
        **_database.get("OPTIONS", {}),
    }
_database["CONN_MAX_AGE"] = environment.number("CONN_MAX_AGE", default=60)
_database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.redis_url(needed("REDIS_URL"))

# People ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "front_door"
ACCOUNT_ADAPTER = "people.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "people.forms.SignupForm"
ACCOUNT_FORMS = {
    name: f"people.sign_in_forms.{form}"
    for name, form in {
        "login": "Login",
        "signup": "Signup",
        "add_email": "AddEmail",
        "change_email": "ChangeEmail",
        "change_password": "ChangePassword",
        "set_password": "SetPassword",
        "reset_password": "ResetPassword",
        "reset_password_from_key": "ResetPasswordKey",
        "reauthenticate": "Reauthenticate",
        "request_login_code": "RequestLoginCode",
        "confirm_login_code": "ConfirmLoginCode",
        "confirm_email_verification_code": "ConfirmEmailCode",
    }.items()
}
ACCOUNT_RATE_LIMITS = {
    "login_failed": "20/h/ip,5/5m/key,10/h/key",
    "reset_password": "20/h/ip,5/h/key",
}
ACCOUNT_EMAIL_VERIFICATION = environment.choice(
    "EMAIL_VERIFICATION",
    ("mandatory", "optional", "none"),
    default="mandatory" if PRODUCTION else "optional",
)
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = ACCOUNT_EMAIL_VERIFICATION == "mandatory"
ACCOUNT_LOGIN_BY_CODE_ENABLED = ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
SPRINTBOARD_SIGNUP = environment.flag("SPRINTBOARD_SIGNUP", default=True)
# One company's own installation: whoever comes first makes the one workspace, and invites the rest
SPRINTBOARD_SINGLE_TEAM = environment.flag("SPRINTBOARD_SINGLE_TEAM", default=False)

# Sessions, cookies, headers -------------------------------------------------------------------
SESSION_ENGINE = "sprintboard.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_NAME = "__Host-sid" if HTTPS else "sid"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "sprintboard.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = environment.number("HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.flag("HSTS_INCLUDE_SUBDOMAINS", default=HTTPS)
SECURE_HSTS_PRELOAD = environment.flag("HSTS_PRELOAD", default=HTTPS)
SECURE_REFERRER_POLICY = "same-origin"
# W002 wants X-Frame-Options; the policy's frame-ancestors says it, and tells addresses apart
SILENCED_SYSTEM_CHECKS = ["security.W002"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# script-src is completed for each request in sprintboard/security.py
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

# allauth counts tries here, and nothing else uses it: rows, for all processes and over restarts
CACHES = {"default": {"BACKEND": "people.tallies.Tallies"}}

# The API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "people.api.auth.TokenAuthentication",
        "people.api.auth.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["people.api.auth.IsMember"],
    "DEFAULT_THROTTLE_CLASSES": ["people.api.throttles.ApiThrottle"],
    "DEFAULT_PARSER_CLASSES": ["people.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "people.api.schema.Schema",
    "EXCEPTION_HANDLER": "people.api.errors.answer",
    "NON_FIELD_ERRORS_KEY": "__all__",
    "NUM_PROXIES": TRUSTED_PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Sprintboard",
    "VERSION": "1",
    "DESCRIPTION": (
        "Tasks, sprints, requests and reviews of a workspace: the same verbs as the pages, with "
        "the same rights. How to sign in, errors, pages, versions and repeatable requests: "
        "docs/api.md."
    ),
    "OAS_VERSION": "3.0.3",
    "COMPONENT_SPLIT_REQUEST": False,
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # Several things have a state: each set of words has a name of its own
    "ENUM_NAME_OVERRIDES": {
        "SprintStateEnum": "backlog.models.SprintState",
        "RequestStateEnum": "requests_intake.models.RequestState",
        "ReviewStateEnum": "reviews.serializers.STATES",
        "DeliveryStateEnum": "notifications.models.OutboxState",
    },
    "SCHEMA_PATH_PREFIX": r"/api/v1/workspaces/{slug}",
    "SORT_OPERATIONS": False,
}

# Mail -----------------------------------------------------------------------------------------
if _email_url := needed("EMAIL_URL"):
    vars().update(environment.mail(_email_url, production=PRODUCTION))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = HOME / "mail"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.sender(
    env.str("MAIL_FROM", default="") or f"Sprintboard <sprintboard@{_site.hostname}>"
)
OUTBOX_PAUSED = (
    environment.choice("SPRINTBOARD_OUTBOX", ("running", "paused"), default="running") == "paused"
)

# Time and words -------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# Files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(HOME / "static")))
_modules = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/htmx", _modules / "htmx.org" / "dist"),
    ("vendor/sortablejs", _modules / "sortablejs" / "modular"),
    ("vendor/figtree", _modules / "@fontsource-variable" / "figtree" / "files"),
]
MEDIA_ROOT = HOME / "media"
FILE_UPLOAD_PERMISSIONS = 0o640
# The room that the files of one workspace may take
FILES_QUOTA = environment.number("FILES_QUOTA_MB", default=1024, most=10_000_000) * 1_048_576
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "sprintboard.statics.Storage"},
}
WHITENOISE_MAX_AGE = 3600

KNOWN_SECRETS = [
    SECRET_KEY,
    *SECRET_KEY_FALLBACKS,
    _database.get("PASSWORD") or "",
    urlsplit(REDIS_URL or "").password or "",
    vars().get("EMAIL_HOST_PASSWORD") or "",
    *environment.secrets_of(vars().get("ANYMAIL", {})),
    METRICS_TOKEN or "",
]

# Logs -----------------------------------------------------------------------------------------
LOGGING = logs.configuration(
    style=environment.choice(
        "LOG_FORMAT", ("json", "plain"), default=logs.default_style(PRODUCTION)
    ),
    level=environment.choice(
        "LOG_LEVEL",
        ("DEBUG", "INFO", "WARNING", "ERROR"),
        default="INFO" if PRODUCTION else "WARNING",
    ),
    known_secrets=KNOWN_SECRETS,
    salt=SECRET_KEY,
)
# Only the id of the request goes with a job; each job says once how it ended
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_FAILURE_LOG_LEVEL = logging.ERROR

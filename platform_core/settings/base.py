"""Everything that is neither identity nor read from the environment elsewhere."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _
from kombu import Exchange, Queue

from tiers.profiles import PROFILES

from .environment import (  # noqa: F401 - settings are the names of this module
    CELERY_BROKER_URL,
    DATABASE,
    ENVIRONMENT,
    FIELD_ENCRYPTION_KEYS,
    MQTT_URL,
    PUBLIC_URL,
    REDIS_URL,
    SECRET_KEY,
    TIER,
    env,
)

BASE_DIR = Path(__file__).resolve().parents[2]
PROFILE = PROFILES[TIER]
DEBUG = False
IS_DEMO = ENVIRONMENT == "demo"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
if ENVIRONMENT == "test":
    ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "platform_core",
    "unfold.apps.BasicAppConfig",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "django.forms",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "guardian",
    "leaflet",
    "rest_framework",
    "drf_spectacular_sidecar",
    "simple_history",
    "treebeard",
    "tiers",
    *PROFILE.third_party_apps,
    *PROFILE.apps,
]
MIDDLEWARE = [
    "platform_core.middleware.RealAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "platform_core.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "platform_core.identity.middleware.SessionLimitMiddleware",
    "platform_core.identity.middleware.PasswordRenewalMiddleware",
    "platform_core.middleware.AuditActorMiddleware",
    "platform_core.middleware.NulMiddleware",
    "platform_core.middleware.DomainErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "platform_core.urls"
WSGI_APPLICATION = "platform_core.wsgi.application"
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
                "django.template.context_processors.i18n",
                "platform_core.context.shell",
            ],
            "builtins": ["platform_core.templatetags.shell"],
        },
    }
]
FORM_RENDERER = "platform_core.forms.renderer.PlatformFormRenderer"

DATABASES = {
    "default": {
        **DATABASE,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        # Compiling a plan takes longer than any of our queries; estimates over large tables would have it done.
        "OPTIONS": {"options": "-c statement_timeout=30000 -c timezone=UTC -c jit=off"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": TIER if ENVIRONMENT != "test" else f"test-{TIER}",
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
SERIALIZATION_MODULES: dict[str, str] = {}

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / ".run" / "static" / TIER))
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / ".run" / "media" / TIER))
MEDIA_URL = "/never-served-directly/"
_S3_BUCKET = env.str("S3_BUCKET", default="")
STORAGES = {
    "default": (
        {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": _S3_BUCKET,
                "endpoint_url": env.str("S3_ENDPOINT", default=None),
                "querystring_auth": True,
                "default_acl": "private",
                "file_overwrite": False,
            },
        }
        if _S3_BUCKET
        else {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    ),
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"
        if ENVIRONMENT == "test"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = ENVIRONMENT == "test"
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_MB", default=50) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
EXCHANGE_MAX_BODY_BYTES = env.int("EXCHANGE_MAX_BODY_MB", default=20) * 1024 * 1024
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
SMS_GATEWAY = env.str("SMS_GATEWAY", default="console")
SMS_TOKEN = env.str("SMS_TOKEN", default="")
CITIZEN_SMS_CODE = env.bool("CITIZEN_SMS_CODE", default=True)
CTI_URL = env.str("CTI_URL", default="")
CTI_APPLICATION = env.str("CTI_APPLICATION", default="eurbanmis")
CTI_ENDPOINT = env.str("CTI_ENDPOINT", default="PJSIP/{number}")
DUPLICATE_METRES = env.int("DUPLICATE_METRES", default=100)
DUPLICATE_HOURS = env.int("DUPLICATE_HOURS", default=48)
ARCHIVE_ROOT = env.str("ARCHIVE_ROOT", default=str(BASE_DIR / ".run" / "archive" / TIER))

CELERY_TASK_DEFAULT_QUEUE = "default"
if CELERY_BROKER_URL.startswith(("amqp://", "amqps://")):  # RabbitMQ: replicated queues, one setting away from Redis
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
    CELERY_WORKER_DETECT_QUORUM_QUEUES = True
    CELERY_TASK_QUEUES = [
        Queue(name, Exchange(name), routing_key=name, queue_arguments={"x-queue-type": "quorum"})
        for name in ("exchange", "analysis", "default")
    ]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    task.task: {"task": task.task, "schedule": task.every_s, "options": {"queue": task.queue, "expires": task.every_s}}
    for task in PROFILE.periodic_tasks
}

UNFOLD = {
    "SITE_TITLE": _("Data administration"),
    "SITE_HEADER": _("Data administration"),
    "SITE_SYMBOL": "location_city",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "THEME": "light",
    "COLORS": {
        "primary": {
            "50": "#eef6f9", "100": "#e3eff4", "200": "#b9d7e3", "300": "#86b9cd", "400": "#4a92b0", "500": "#2b7696",
            "600": "#14506b", "700": "#114459", "800": "#0f3a4c", "900": "#0b3144", "950": "#071f2c",
        }
    },
}  # fmt: skip
LEAFLET_CONFIG = {
    "TILES": [],
    "RESET_VIEW": False,
    "MINIMAP": False,
    "SCALE": "metric",
    "ATTRIBUTION_PREFIX": "",
    "NO_GLOBALS": False,
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["platform_core.api.permissions.DenyByDefault"],
    "EXCEPTION_HANDLER": "platform_core.api.errors.exception_handler",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = True
SIMPLE_HISTORY_REVERT_DISABLED = True
# An account is locked, not an address: a whole office shares one behind its gateway.
# GDAL never reads what a user sends (forms/geometry.py), so its missing protection is not needed.
SILENCED_SYSTEM_CHECKS = ["axes.W006", "gis.W001"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"axes": {"level": "WARNING"}, "shapefile": {"level": "ERROR"}},
}

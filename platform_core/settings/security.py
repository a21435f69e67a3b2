"""Identity, sessions and headers (CJJ/T 312 §3.0.5, §4.1.2-3, §7.2.1; GB/T 22239 level 3)."""

from __future__ import annotations

from csp.constants import NONE, SELF

from .environment import ENVIRONMENT, PUBLIC_URL, TIER, env, file_content

AUTH_USER_MODEL = "platform_core.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "platform_core.identity.backends.PlatformBackend",
    "guardian.backends.ObjectPermissionBackend",
]
# OpenID Connect: every tier may log in with accounts of another provider; the national tier is one itself.
OIDC_PROVIDER_URL = env.str("OIDC_PROVIDER_URL", default="").rstrip("/")
if OIDC_PROVIDER_URL:
    AUTHENTICATION_BACKENDS.insert(2, "platform_core.identity.oidc.LinkedAccountBackend")
    OIDC_RP_CLIENT_ID = env.str("OIDC_CLIENT_ID")
    OIDC_RP_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET")
    OIDC_RP_SIGN_ALGO = "RS256"
    OIDC_RP_SCOPES = "openid profile"
    OIDC_USE_PKCE = True
    OIDC_TIMEOUT = 10
    OIDC_OP_AUTHORIZATION_ENDPOINT = env.str("OIDC_AUTHORIZATION_URL", default=f"{OIDC_PROVIDER_URL}/authorize/")
    OIDC_OP_TOKEN_ENDPOINT = env.str("OIDC_TOKEN_URL", default=f"{OIDC_PROVIDER_URL}/token/")
    OIDC_OP_USER_ENDPOINT = env.str("OIDC_USERINFO_URL", default=f"{OIDC_PROVIDER_URL}/userinfo/")
    OIDC_OP_JWKS_ENDPOINT = env.str("OIDC_JWKS_URL", default=f"{OIDC_PROVIDER_URL}/.well-known/jwks.json")
    OIDC_CALLBACK_CLASS = "platform_core.identity.oidc.Callback"
    OIDC_PROVIDER_NAME = env.str("OIDC_PROVIDER_NAME", default=OIDC_PROVIDER_URL)
_SIGNING_KEY = file_content("OIDC_SIGNING_KEY_FILE")
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": bool(_SIGNING_KEY),
    "OIDC_RSA_PRIVATE_KEY": _SIGNING_KEY,
    "OIDC_ISS_ENDPOINT": f"{PUBLIC_URL}/o",
    "OAUTH2_VALIDATOR_CLASS": "platform_core.identity.provider.ClaimsValidator",
    "SCOPES": {"openid": "identity", "profile": "name and post"},
    "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
    "ID_TOKEN_EXPIRE_SECONDS": 600,
    "PKCE_REQUIRED": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
}
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if ENVIRONMENT == "test":  # a slow hash a login would be most of the suite's time; one test checks Argon2 itself
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", default=10)
PASSWORD_HISTORY = env.int("PASSWORD_HISTORY", default=5)
PASSWORD_MAX_AGE_DAYS = env.int("PASSWORD_MAX_AGE_DAYS", default=90)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "platform_core.identity.validators.CharacterClassesValidator", "OPTIONS": {"classes": 3}},
    {"NAME": "platform_core.identity.validators.HistoryValidator"},
]

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_NAME = f"eurbanmis_{TIER}"
CSRF_COOKIE_NAME = f"eurbanmis_{TIER}_csrf"
LANGUAGE_COOKIE_NAME = "eurbanmis_language"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=10) * 3600
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=60)
SESSIONS_PER_USER = env.int("SESSIONS_PER_USER", default=3)
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if PUBLIC_URL.startswith("https://") else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
X_FRAME_OPTIONS = "DENY"
TIANDITU_KEY = env.str("TIANDITU_KEY", default="")
_MAP_IMAGES = [f"https://t{number}.tianditu.gov.cn" for number in range(8)] if TIANDITU_KEY else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF, "'unsafe-inline'"],  # Leaflet and ECharts position by style attributes
        "img-src": [SELF, "data:", "blob:", *_MAP_IMAGES],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}

AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURES", default=5)
AXES_COOLOFF_TIME = env.float("LOGIN_LOCK_HOURS", default=0.5)
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_LOCKOUT_CALLABLE = "platform_core.identity.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["password", "otp_token"]
# How many proxies of ours stand in front; 0 believes no forwarded address.
PROXY_COUNT = env.int("PROXY_COUNT", default=1) if env.bool("BEHIND_PROXY", default=False) else 0
if PROXY_COUNT:
    AXES_IPWARE_PROXY_COUNT = PROXY_COUNT

OTP_TOTP_ISSUER = f"CJJT312 {TIER}"

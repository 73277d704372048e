"""Settings, read from the environment once and checked together at start."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env, EnvError, ValidationError, validate

PROJECT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 32
ZALO = "https://business.openapi.zalo.me/message/template"
LOCAL = {"127.0.0.1", "::1", "localhost"}
SINK = r"^(http://127\.0\.0\.1:[0-9]{1,5})?$"


@dataclass(frozen=True)
class Settings:
    """What the processes need to know of their surroundings.

    ``database_url`` signs in as the application's role and ``migration_database_url`` as the owner
    of the tables; the latter is empty where nothing is migrated. Without ``sms_url`` or
    ``zalo_token`` nothing is sent by that channel, and every message says so. ``webhook_sink`` is
    an origin on this machine to which webhooks may go without https, for tests and benches.
    """

    database_url: str
    migration_database_url: str
    redis_url: str
    smtp_url: str
    mail_from: str
    secret_key: str
    public_url: str
    sms_url: str = ""
    sms_token: str = ""
    zalo_url: str = ZALO
    zalo_token: str = ""
    zalo_template_vi: str = ""
    zalo_template_en: str = ""
    webhook_sink: str = ""


class SettingsFault(Exception):
    """The environment is not fit to start in; the message lists every fault found."""


def var_dir() -> Path:
    """The data folder: ``VAR_DIR``, or ``var/`` beside the code."""
    return Path(Env().str("VAR_DIR", default="") or PROJECT / "var").absolute()


def port() -> int:
    """The web port: ``PORT``, 8000 unless set."""
    return Env().int("PORT", default=8000, validate=validate.Range(min=1, max=65535))


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsFault: one or more variables are missing or unfit; all of them are named.
    """
    env = Env(eager=False)
    settings = Settings(
        database_url=with_driver(env.str("DATABASE_URL", validate=validate.Length(min=1))),
        migration_database_url=with_driver(env.str("MIGRATION_DATABASE_URL", default="")),
        redis_url=env.str("REDIS_URL", validate=validate.Length(min=1)),
        smtp_url=env.str("SMTP_URL", default="smtp://127.0.0.1:25"),
        mail_from=env.str("MAIL_FROM", default="Blao <khong-tra-loi@example.com>"),
        secret_key=env.str("SECRET_KEY", validate=validate.Length(min=SHORTEST_SECRET)),
        public_url=env.str("PUBLIC_URL", default=""),
        sms_url=env.str("SMS_URL", default="", validate=_https_or_local),
        sms_token=env.str("SMS_TOKEN", default=""),
        zalo_url=env.str("ZALO_URL", default=ZALO, validate=_https_or_local),
        zalo_token=env.str("ZALO_TOKEN", default=""),
        zalo_template_vi=env.str("ZALO_TEMPLATE_VI", default=""),
        zalo_template_en=env.str("ZALO_TEMPLATE_EN", default=""),
        webhook_sink=env.str("WEBHOOK_SINK", default="", validate=validate.Regexp(SINK)),
    )
    try:
        env.seal()
    except EnvError as fault:
        raise SettingsFault(str(fault)) from None
    if settings.zalo_token and not (settings.zalo_template_vi and settings.zalo_template_en):
        raise SettingsFault("ZALO_TOKEN needs ZALO_TEMPLATE_VI and ZALO_TEMPLATE_EN.")
    return settings


def _https_or_local(url: str) -> None:
    """What goes to a gateway is nobody else's business; only a local one may do without TLS."""
    parts = urlsplit(url)
    if url and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
        raise ValidationError("Must be an https address.")


def with_driver(url: str | None) -> str:
    """Name the psycopg 3 driver in a plain ``postgresql://`` address."""
    for plain in ("postgresql://", "postgres://"):
        if url and url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url or ""

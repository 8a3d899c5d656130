"""Settings of one running office, read once from the environment.

Frozen; every other room is handed values and reads no environment of its own.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T", bound=str)

#: processes/ stands beside engine/ in a checkout and in an installed tree
ROOT = Path(__file__).resolve().parent.parent


_DIGESTS: tuple[Literal["sha256", "sm3"], ...] = ("sha256", "sm3")
_CIPHERS: tuple[Literal["aes-256-gcm", "sm4-gcm"], ...] = ("aes-256-gcm", "sm4-gcm")
_ATTACHMENT_TYPES = "pdf,jpg,jpeg,png,heic,docx,xlsx,ofd"
_BANKS: tuple[Literal["test", "folder"], ...] = ("test", "folder")


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message names it."""

    retryable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that may differ between two installations."""

    #: SQLAlchemy URL; empty: the office starts its own PostgreSQL under ``data_dir``
    database_url: str
    #: where the embedded database, generated keys and files are kept
    data_dir: Path
    #: diagrams, forms, decisions, letters, policy, calendar, duties and controls
    processes_dir: Path
    #: Celery broker; empty: the same sweep runs inside ``changling serve``
    broker_url: str
    #: signs sessions and keys the blind index; 64 hex characters
    secret_key: str
    #: the pooling region that serves by default, GB/T 2260
    region: str
    #: in production no payment rests on an unverified figure
    production: bool
    #: digest of the audit trail
    digest: Literal["sha256", "sm3"]
    #: cipher of personal columns
    cipher: Literal["aes-256-gcm", "sm4-gcm"]
    #: ``test``: the shipped bank answers at once; ``folder``: files are exchanged in ``data_dir/bank``
    bank: Literal["test", "folder"]
    #: minutes without a request after which a session ends
    session_minutes: int
    #: the longest time for which somebody may stand in for a colleague, in days
    agency_days: int
    #: one person presses for one task (催办) at most once in so many working days
    urge_workdays: int
    #: the largest paper (材料) that is taken
    attachment_bytes_max: int
    #: endings of the papers that are taken; what is inside must be the same
    attachment_types: frozenset[str]
    #: what looks for viruses in papers: ``command:PROGRAM …``, ``clamd:/path/of/socket``, ``clamd:HOST:PORT``; empty: nothing
    scanner: str
    #: where people reach the pages, put before links in short messages; without a slash at the end
    public_address: str
    #: ``smtp://name:password@host:587`` or ``smtps://…``; empty: a folder from which a mail system takes whole mails
    mail: str
    #: the sender of mails
    mail_from: str
    #: a form that nobody signs in for is taken at most so often within an hour from one address
    public_forms_an_hour: int
    #: the other offices that rights move to and from; a file that is not there names none
    peers_file: Path

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """The settings in the environment; SettingsError names the first that cannot be used."""
        env = os.environ if env is None else env
        data_dir = Path(env.get("CHANGLING_DATA", str(Path.cwd() / "var"))).resolve()
        production = env.get("CHANGLING_MODE", "trial") == "production"
        return cls(
            database_url=_psycopg(env.get("DATABASE_URL", "")),
            data_dir=data_dir,
            processes_dir=Path(env.get("CHANGLING_PROCESSES", str(ROOT / "processes"))).resolve(),
            broker_url=env.get("CELERY_BROKER_URL", ""),
            secret_key=env.get("CHANGLING_SECRET", "") or _kept_secret(data_dir, production=production),
            region=env.get("CHANGLING_REGION", "371500"),
            production=production,
            digest=_one_of(env, "CHANGLING_DIGEST", _DIGESTS),
            cipher=_one_of(env, "CHANGLING_CIPHER", _CIPHERS),
            bank=_bank(env, production=production),
            session_minutes=int(env.get("CHANGLING_SESSION_MINUTES", "30")),
            agency_days=int(env.get("CHANGLING_AGENCY_DAYS", "92")),
            urge_workdays=int(env.get("CHANGLING_URGE_WORKDAYS", "1")),
            attachment_bytes_max=int(env.get("CHANGLING_ATTACHMENT_MB", "8")) * 1024 * 1024,
            attachment_types=frozenset(
                env.get("CHANGLING_ATTACHMENT_TYPES", _ATTACHMENT_TYPES).lower().replace(" ", "").split(",")
            ),
            scanner=_scanner(env),
            public_address=env.get("CHANGLING_PUBLIC_ADDRESS", "http://127.0.0.1:8000").strip().rstrip("/"),
            mail=_mail(env),
            mail_from=env.get("CHANGLING_MAIL_FROM", "changling@localhost").strip(),
            public_forms_an_hour=int(env.get("CHANGLING_PUBLIC_FORMS", "10")),
            peers_file=_peers_file(env, data_dir),
        )


def _bank(env: Mapping[str, str], *, production: bool) -> Literal["test", "folder"]:
    bank: Literal["test", "folder"] = _one_of(env, "CHANGLING_BANK", _BANKS[::-1] if production else _BANKS)
    if production and bank == "test":
        raise SettingsError("生产模式不得使用测试银行（CHANGLING_BANK=test）")
    return bank


def _peers_file(env: Mapping[str, str], data_dir: Path) -> Path:
    named = env.get("CHANGLING_PEERS", "").strip()
    path = Path(named).resolve() if named else data_dir / "peers.yaml"
    if named and not path.is_file():
        raise SettingsError(f"CHANGLING_PEERS={named!r} 不可用：没有这个文件")
    return path


def _mail(env: Mapping[str, str]) -> str:
    mail = env.get("CHANGLING_MAIL", "").strip()
    server = urlsplit(mail)
    if mail and (server.scheme not in ("smtp", "smtps") or not server.hostname):
        # the address may hold a password: it is not repeated
        raise SettingsError(
            "CHANGLING_MAIL 不可用，可写 smtp://用户:口令@主机:端口 或 smtps://…；留空写入 CHANGLING_DATA/mail/out"
        )
    return mail


def _scanner(env: Mapping[str, str]) -> str:
    scanner = env.get("CHANGLING_SCANNER", "").strip()
    kind, _, rest = scanner.partition(":")
    if scanner and (kind not in ("command", "clamd") or not rest.strip()):
        raise SettingsError(
            f"CHANGLING_SCANNER={scanner!r} 不可用，可写 command:程序 参数…、clamd:/套接字路径 或 clamd:主机:端口"
        )
    return scanner


def _psycopg(url: str) -> str:
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _one_of(env: Mapping[str, str], name: str, allowed: tuple[T, ...]) -> T:
    value = env.get(name, allowed[0])
    found = next((word for word in allowed if word == value), None)
    if found is None:
        raise SettingsError(f"{name}={value!r} 不可用，可选：{'、'.join(allowed)}")
    return found


def _kept_secret(data_dir: Path, *, production: bool) -> str:
    """The secret kept beside the data; made on first use, never in production."""
    path = data_dir / "secret"
    if path.exists():
        return path.read_text().strip()
    if production:
        raise SettingsError("生产模式必须设置 CHANGLING_SECRET（64位十六进制）")
    data_dir.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(32))
    return path.read_text().strip()

"""The key that this office signs with: Ed25519, kept beside the data, readable by its user only.

Whoever has the file can speak for the office. It is not derived from the office's secret, so that it can be
changed by itself: remove the file, start the office, and hand every peer the new public key.
"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_NAME = "exchange.key"


class KeyFileError(Exception):
    """签名密钥文件不能使用；信息说明文件和原因。"""

    retryable = False


def own_key(data_dir: Path) -> Ed25519PrivateKey:
    """The office's key, made at first use; KeyFileError for a file that others may read, or that is no key."""
    path = data_dir / _NAME
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{_NAME} 可被他人读取，请改为 0600 后再启动")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as cause:
        raise KeyFileError(f"{_NAME} 不是可用的密钥文件") from cause
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{_NAME} 不是 Ed25519 密钥")
    return key


def public_text(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The public key as it stands in a ``peers.yaml``: 64 hex characters."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _make(path: Path) -> None:
    """A new key under that name; where another process was quicker, its key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{_NAME}.{uuid4().hex}")
    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(part)
    except FileExistsError:
        pass
    finally:
        part.unlink()

"""One way to write a record as bytes, and to take its digest: what the audit trail hashes.

Canonical JSON: keys sorted, no spaces, UTF-8, whole numbers only; an instant as UTC with
microseconds (``2025-11-05T01:02:03.000000Z``), a day as ``2025-11-05``, bytes as lower-case hex.
``docs/decisions/audit-trail.md`` tells an outsider how to recompute every digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Literal

import orjson
from cryptography.hazmat.primitives import hashes

DigestName = Literal["sha256", "sm3"]
Plain = str | int | bool | None | Sequence["Plain"] | Mapping[str, "Plain"]

#: stands before the first link of every chain
GENESIS = "0" * 64


def plain(value: object) -> Plain:
    """The value as JSON knows it; TypeError for kinds that no sealed column may have."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"审计不能记录这种值：{type(value).__name__}")


def canonical(record: Plain) -> bytes:
    """The record as canonical JSON."""
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)


def digest_of(name: str, data: bytes) -> str:
    """The digest in lower-case hex (64 characters); ValueError for an unknown digest name."""
    if name == "sha256":
        return hashlib.sha256(data).hexdigest()
    if name == "sm3":
        # hashlib knows SM3 only where the system's OpenSSL was built with it
        hasher = hashes.Hash(hashes.SM3())
        hasher.update(data)
        return hasher.finalize().hex()
    raise ValueError(f"未知的摘要算法：{name}")


class MerkleRoot:
    """The root over leaves fed one by one; keeps as many nodes as the count has binary digits.

    Same tree as RFC 6962 section 2.1: a left subtree is always full, leaf and node are hashed apart.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._peaks: list[tuple[int, str]] = []
        self.count = 0

    def add(self, leaf: Plain) -> None:
        """Take the next leaf."""
        node = (1, digest_of(self._name, b"\x00" + canonical(leaf)))
        while self._peaks and self._peaks[-1][0] == node[0]:
            size, left = self._peaks.pop()
            node = (size * 2, self._join(left, node[1]))
        self._peaks.append(node)
        self.count += 1

    def root(self) -> str:
        """The root of the leaves so far; the genesis value for none."""
        if not self._peaks:
            return GENESIS
        root = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            root = self._join(left, root)
        return root

    def _join(self, left: str, right: str) -> str:
        return digest_of(self._name, b"\x01" + bytes.fromhex(left) + bytes.fromhex(right))

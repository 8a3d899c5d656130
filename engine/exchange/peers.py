"""The other offices: which regions they serve, how they are reached, and by which key they are known.

Read from ``peers.yaml``, which an operator writes; a faulty file is refused with file and line. A region that no
peer serves is served by this office.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.exchange.tables import CODE_MAX
from engine.store.declaration import Entry, read_declaration

Channel = Literal["http", "folder"]

_CODE = re.compile(rf"[0-9A-Za-z-]{{1,{CODE_MAX}}}")
_REGIONS = re.compile(r"(\d\d){1,3}")
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One other office."""

    #: what it calls itself in envelopes; by custom its region
    code: str
    name: str
    #: what the codes of its regions begin with, e.g. ``3714``
    regions: tuple[str, ...]
    channel: Channel
    #: ``http``: where its pages are, e.g. ``https://si.dezhou.example``; ``folder``: the folder, absolute
    address: str
    #: Ed25519, 64 hex characters
    public_key: str
    #: the account that it takes fees on, as it published it; empty: none known
    account: str
    account_name: str
    #: where account and key were learnt
    source: str
    #: whether a second person has confirmed account and key with that office
    verified: bool

    @property
    def key(self) -> Ed25519PublicKey:
        """What its signatures are checked with."""
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))

    def serves(self, region: str) -> bool:
        """Whether it may speak for the region; for nothing that is not a region."""
        return bool(region) and region.startswith(self.regions)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerBook:
    """All peers of one office; there may be none."""

    #: the code of this office
    own: str
    peers: Mapping[str, Peer] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, *, own: str, production: bool = False) -> PeerBook:
        """The peers of the file; DeclarationError for one that cannot be used. In production all talk is encrypted."""
        top = read_declaration(path)
        top.only("peers")
        peers: dict[str, Peer] = {}
        taken: dict[str, str] = {}
        for entry in top.entries("peers"):
            peer = _peer(entry, production=production)
            if peer.code in peers or peer.code == own:
                raise entry.error(f"机构代码「{peer.code}」重复，或与本机构相同", field="code")
            if peer.serves(own):
                raise entry.error(f"本机构所在地区 {own} 不能由对方经办", field="regions")
            for mine in peer.regions:
                for other, whose in taken.items():
                    if mine.startswith(other) or other.startswith(mine):
                        raise entry.error(f"地区 {mine} 已由 {whose} 经办（{other}）", field="regions")
                taken[mine] = peer.code
            peers[peer.code] = peer
        return cls(own=own, peers=peers)

    def of_region(self, region: str) -> Peer | None:
        """The other office that serves the region; None where this one does."""
        return next((peer for peer in self.peers.values() if peer.serves(region)), None)

    def of_code(self, code: str) -> Peer | None:
        """The office that calls itself so; None when it is not known here."""
        return self.peers.get(code)


def _peer(entry: Entry, *, production: bool) -> Peer:
    entry.only(
        *("code", "name", "regions", "channel", "address", "public_key", "account", "account_name"),
        *("source", "verified"),
    )
    code, key, channel = entry.text("code"), entry.text("public_key").lower(), entry.text("channel")
    if not _CODE.fullmatch(code):
        raise entry.error(f"机构代码「{code}」应当是{CODE_MAX}位以内的字母、数字", field="code")
    if not _KEY.fullmatch(key):
        raise entry.error("public_key 应当是64位十六进制的 Ed25519 公钥", field="public_key")
    regions = entry.words("regions")
    for region in regions:
        if not _REGIONS.fullmatch(region):
            raise entry.error(f"地区「{region}」应当写地区代码的前2、4或6位", field="regions")
    return Peer(
        code=code,
        name=entry.text("name"),
        regions=regions,
        channel=_channel(entry, channel),
        address=_address(entry, channel, production=production),
        public_key=key,
        account=entry.text("account", default=""),
        account_name=entry.text("account_name", default=""),
        source=entry.text("source"),
        verified=entry.flag("verified", default=False),
    )


def _channel(entry: Entry, channel: str) -> Channel:
    if channel == "http":
        return "http"
    if channel == "folder":
        return "folder"
    raise entry.error(f"channel 应当是 http 或 folder，现在是「{channel}」", field="channel")


def _address(entry: Entry, channel: str, *, production: bool) -> str:
    address = entry.text("address").rstrip("/")
    if channel == "folder":
        if not Path(address).is_absolute():
            raise entry.error("folder 的 address 应当是绝对路径", field="address")
        return address
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise entry.error(
            "http 的 address 应当是网址，例如 https://si.dezhou.example，不带账号和参数", field="address"
        )
    if production and parts.scheme != "https":
        raise entry.error("信件载有个人信息，生产模式只能用 https", field="address")
    return address

"""The list of other offices, and the key of this one: what an operator may write, and what is refused where."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engine.config import Settings, SettingsError
from engine.exchange.keys import KeyFileError, own_key, public_text
from engine.exchange.peers import PeerBook
from engine.store.declaration import DeclarationError

CARD = {
    "code": "371400",
    "name": "德州",
    "regions": ["3714"],
    "channel": "http",
    "address": "https://si.dezhou.example",
    "public_key": "ab" * 32,
    "source": "鲁人社〔2025〕1号",
}


def load(tmp_path: Path, *cards: dict[str, object], production: bool = False) -> PeerBook:
    path = tmp_path / "peers.yaml"
    path.write_text(yaml.safe_dump({"peers": list(cards)}, allow_unicode=True))
    return PeerBook.load(path, own="371500", production=production)


@pytest.mark.req("TRANS-01")
def test_a_region_is_served_by_the_peer_that_names_its_beginning_and_else_by_this_office(
    tmp_path: Path,
) -> None:
    book = load(tmp_path, CARD, {**CARD, "code": "500000", "regions": ["50"]})

    assert book.of_region("371402") == book.of_code("371400")
    assert book.of_region("500103") == book.of_code("500000")
    assert book.of_region("371502") is None
    assert book.of_region("") is None
    assert book.of_code("999999") is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"code": "371500"}, "重复，或与本机构相同"),
        ({"code": "a/b"}, "字母、数字"),
        ({"regions": ["37"]}, "不能由对方经办"),
        ({"regions": ["371"]}, "前2、4或6位"),
        ({"regions": []}, "文字列表"),
        ({"public_key": "ab"}, "公钥"),
        ({"channel": "post"}, "http 或 folder"),
        ({"address": "ftp://x.example"}, "网址"),
        ({"address": "https://user:word@x.example"}, "网址"),
        ({"channel": "folder", "address": "var/out"}, "绝对路径"),
        ({"secret": "x"}, "不认识的字段"),
        ({"source": ""}, "source"),
    ],
)
def test_a_card_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    with pytest.raises(DeclarationError, match=said) as refused:
        load(tmp_path, {**CARD, **changed})

    assert refused.value.line > 1


def test_two_offices_cannot_serve_the_same_region(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="已由 371400 经办"):
        load(tmp_path, CARD, {**CARD, "code": "371402", "regions": ["371402"]})


def test_personal_data_leave_a_production_office_encrypted_only(tmp_path: Path) -> None:
    plain = {**CARD, "address": "http://si.dezhou.example"}

    assert load(tmp_path, plain).peers
    with pytest.raises(DeclarationError, match="https"):
        load(tmp_path, plain, production=True)


def test_the_key_is_made_once_and_is_for_its_user_only(tmp_path: Path) -> None:
    made = own_key(tmp_path / "data")
    path = tmp_path / "data" / "exchange.key"

    assert public_text(own_key(tmp_path / "data")) == public_text(made)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["exchange.key"]


@pytest.mark.parametrize(("mode", "content"), [(0o644, None), (0o600, b"no key")], ids=["open", "damaged"])
def test_a_key_that_others_may_read_or_that_is_none_is_not_used(
    tmp_path: Path, mode: int, content: bytes | None
) -> None:
    own_key(tmp_path)
    path = tmp_path / "exchange.key"
    if content is not None:
        path.write_bytes(content)
    path.chmod(mode)

    with pytest.raises(KeyFileError, match=r"exchange\.key"):
        own_key(tmp_path)


def test_a_list_of_peers_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CHANGLING_PEERS"):
        Settings.from_env({"CHANGLING_DATA": str(tmp_path), "CHANGLING_PEERS": str(tmp_path / "none.yaml")})
    assert Settings.from_env({"CHANGLING_DATA": str(tmp_path)}).peers_file == tmp_path / "peers.yaml"

"""The vault for personal columns: encryption, blind index and masks.

Not a key store: the keys are derived from the office's one secret and live in memory only.
Called by people, money and registers; it touches no database.

Stored form: algorithm byte, key id byte, 12 bytes of nonce, then ciphertext with its 16-byte tag.
Both bytes are authenticated, so an office may change its cipher or key and still read older rows.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.config import Settings

CipherName = Literal["aes-256-gcm", "sm4-gcm"]

#: first byte of every stored value; a number once given is never given again
_ALGORITHMS: Mapping[CipherName, int] = {"aes-256-gcm": 1, "sm4-gcm": 2}
_KEY_BYTES: Mapping[int, int] = {1: 32, 2: 16}
_KEY_ID = 1
_NONCE = 12
_TAG = 16
_HEADER = 2
_PHONE_LENGTH = 11
#: of the first and of the second generation
_ID_LENGTHS = frozenset({15, 18})
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?:1[3-9]\d(?: ?\d){8}|\d(?: ?\d){13,17}(?: ?[\dXx])?)(?![0-9A-Za-z])")
_SECRET = re.compile(r"[0-9a-fA-F]{64,}")


class VaultError(Exception):
    """加密的个人信息不能解开：密钥不对，或数据被改动。请核对 CHANGLING_SECRET，不要重试写入。"""

    retryable = False


class Vault:
    """Encrypts, decrypts and indexes personal values with keys derived from the office's secret."""

    def __init__(self, settings: Settings) -> None:
        if not _SECRET.fullmatch(settings.secret_key) or len(settings.secret_key) % 2:
            raise VaultError("密钥写法不对：CHANGLING_SECRET 须为至少64位的十六进制数字")
        secret = bytes.fromhex(settings.secret_key)
        self._algorithm = _ALGORITHMS[settings.cipher]
        self._keys = {
            number: _derive(secret, f"changling/cipher/{number}/key/{_KEY_ID}", length)
            for number, length in _KEY_BYTES.items()
        }
        self._index_key = _derive(secret, "changling/blind-index", 32)
        self._token_key = _derive(secret, "changling/token", 32)

    def encrypt(self, text: str, *, bound_to: str = "") -> bytes:
        """The text encrypted with a fresh nonce: the same text never gives the same bytes twice.

        ``bound_to`` names the place it is kept in (table, column, row); the value can be
        decrypted only with the same name, so bytes moved to another row are refused.
        """
        return self.encrypt_bytes(text.encode(), bound_to=bound_to)

    def decrypt(self, stored: bytes, *, bound_to: str = "") -> str:
        """The text that was encrypted; VaultError when key, place or bytes are not the same as then."""
        return self.decrypt_bytes(stored, bound_to=bound_to).decode()

    def encrypt_bytes(self, content: bytes, *, bound_to: str) -> bytes:
        """As :meth:`encrypt`, for what is no text: a paper of a case."""
        header = bytes((self._algorithm, _KEY_ID))
        nonce = os.urandom(_NONCE)
        sealed = _seal(
            self._algorithm, self._keys[self._algorithm], nonce, content, header + bound_to.encode()
        )
        return header + nonce + sealed

    def decrypt_bytes(self, stored: bytes, *, bound_to: str) -> bytes:
        """The bytes that were encrypted; VaultError when key, place or bytes are not the same as then."""
        stored = bytes(stored)
        header, nonce, sealed = (
            stored[:_HEADER],
            stored[_HEADER : _HEADER + _NONCE],
            stored[_HEADER + _NONCE :],
        )
        if len(sealed) < _TAG or header[0] not in self._keys or header[1] != _KEY_ID:
            raise VaultError("加密数据的格式或密钥编号不认识：不是本系统写入的，或已损坏")
        try:
            return _open(header[0], self._keys[header[0]], nonce, sealed, header + bound_to.encode())
        except InvalidTag as cause:
            raise VaultError(VaultError.__doc__) from cause

    def index(self, text: str) -> bytes:
        """The keyed blind index of a value, 32 bytes: equal for equal values, useless without the key.

        Written forms count as equal: spaces and hyphens, full-width digits, and a small final x.
        """
        return hmac.new(self._index_key, normalised(text).encode(), hashlib.sha256).digest()

    def token(self, text: str) -> bytes:
        """What proves that this office made up the text, 32 bytes: for a link that nobody can guess.

        It is derived anew whenever it is needed and stands nowhere, so whoever reads the database cannot use the link.
        """
        return hmac.new(self._token_key, text.encode(), hashlib.sha256).digest()


def account_place(account_index: bytes) -> str:
    """What an encrypted account is bound to: the index that stands beside it, so that one can be copied with the other."""
    return f"account:{bytes(account_index).hex()}"


def normalised(text: str) -> str:
    """The value as it is compared: NFKC, capitals, without spaces and hyphens."""
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()


def mask_id(id_number: str) -> str:
    """An identity number for the screen: ``371502********0017``."""
    return _masked(id_number, first=6, last=4)


def mask_account(account: str) -> str:
    """A card or account number for the screen: the first and last four digits."""
    return _masked(account, first=4, last=4)


def mask_phone(phone: str) -> str:
    """A telephone number for the screen: ``138****5678``."""
    return _masked(phone, first=3, last=4)


def mask_mail(address: str) -> str:
    """A mailbox for the screen: ``z***@example.cn``; empty for none."""
    name, at, host = address.partition("@")
    return f"{name[:1]}***@{host}" if at else ""


def mask_name(name: str) -> str:
    """A name for a public list: the first and, of three or more characters, the last (李*强)."""
    return _masked(name, first=1, last=1 if len(name) > 2 else 0)


def mask_numbers(text: str) -> str:
    """The text with every identity number, account number and mobile telephone in it masked, spaced or not."""
    return _NUMBER.sub(lambda found: _mask_number(found[0]), text)


def _mask_number(number: str) -> str:
    plain = number.replace(" ", "")
    if len(plain) == _PHONE_LENGTH:
        return mask_phone(plain)
    return mask_id(plain) if len(plain) in _ID_LENGTHS else mask_account(plain)


def _masked(text: str, *, first: int, last: int) -> str:
    # a value too short to hide anything between its ends is hidden whole
    if len(text) <= first + last:
        return "*" * len(text)
    return text[:first] + "*" * (len(text) - first - last) + text[len(text) - last :]


def _derive(secret: bytes, purpose: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose.encode()).derive(secret)


def _seal(algorithm: int, key: bytes, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
    if algorithm == _ALGORITHMS["aes-256-gcm"]:
        return AESGCM(key).encrypt(nonce, plain, associated)
    encryptor = Cipher(SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated)
    return encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def _open(algorithm: int, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
    if algorithm == _ALGORITHMS["aes-256-gcm"]:
        return AESGCM(key).decrypt(nonce, sealed, associated)
    decryptor = Cipher(SM4(key), modes.GCM(nonce, sealed[-_TAG:])).decryptor()
    decryptor.authenticate_additional_data(associated)
    return decryptor.update(sealed[:-_TAG]) + decryptor.finalize()

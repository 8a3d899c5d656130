"""Telling people that a paper waits: by short message and mail, each once, with nothing of what it says (REFUND-02)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import AsyncMessage
from builders import PASSWORD, a_refund, actor, refused
from offices import FixedClock, OwnDatabase, settings_for, staffed
from sqlalchemy import select

from engine.cases.contact_tables import ContactPoint
from engine.cases.contacts import Contacts, my_contacts, set_contact
from engine.cases.office import Office, open_office
from engine.cases.staff import sign_in_employer
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.config import Settings, SettingsError
from engine.registers.cast import EMPLOYERS
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import Letter
from engine.values import Actor

NOW = "2025-11-03T09:00+08:00"
MAILBOX, PHONE = "rlzy@guangyue.example", "13900139000"


@pytest.fixture
def office(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A staffed office on a database of its own for each test: what was sent before would be in the way."""
    with OwnDatabase(server, template) as url:
        opened = open_office(settings_for(url, tmp_path_factory.mktemp("office")), clock=FixedClock(NOW))
        yield staffed(opened, day=date(2025, 11, 3), password=PASSWORD)
        opened.close()


@pytest.fixture
def firm(office: Office) -> Actor:
    """An employer that signed in."""
    found = sign_in_employer(office, credit_code=EMPLOYERS["guangyue"].credit_code)
    assert isinstance(found, Actor)
    return found


class Postbox(AsyncMessage):
    """Takes mails as a mail server does, and keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[EmailMessage] = []

    async def handle_message(self, message: EmailMessage) -> None:  # type: ignore[override]
        self.taken.append(message)


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, str]]:
    """A mail server, and its address."""
    taken = Postbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(taken, hostname="127.0.0.1", port=port)
    server.start()
    yield taken, f"smtp://127.0.0.1:{port}"
    server.stop()


def mails_of(office: Office) -> list[EmailMessage]:
    """The mails in the folder."""
    files = sorted((office.settings.data_dir / "mail" / "out").glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]  # type: ignore[misc]


def texts_of(office: Office) -> list[dict[str, str]]:
    """The short messages in the folder."""
    files = sorted((office.settings.data_dir / "sms" / "out").glob("*.json"))
    return [json.loads(file.read_bytes()) for file in files]


def receipts_of(office: Office, kind: str) -> list[str]:
    with office.store.reading() as session:
        return list(session.scalars(select(OutboxMessage.receipt).where(OutboxMessage.kind == kind)))


@pytest.mark.req("REFUND-02")
def test_an_employer_that_gave_telephone_and_mailbox_is_told_of_the_push_once_each(
    office: Office, firm: Actor
) -> None:
    assert isinstance(set_contact(office, firm, "mail", MAILBOX), Done)
    assert isinstance(set_contact(office, firm, "sms", PHONE), Done)

    a_refund(office)
    sweep_until_idle(office)
    sweep_until_idle(office)

    with office.store.reading() as session:
        (letter,) = session.scalars(select(Letter).where(Letter.recipient == firm.key))
    (mail,), (text,) = mails_of(office), texts_of(office)
    assert (mail["To"], mail["Subject"]) == (MAILBOX, f"【畅领】{letter.title}")
    assert (text["number"], letter.title in text["text"]) == (PHONE, True)
    for said in (mail.get_content(), text["text"]):
        assert f"{office.settings.public_address}/employer" in said
        assert "86400" not in said and "86,400" not in said, "what a paper says is read signed in"
    assert receipts_of(office, "letter") == ["站内送达"]
    assert all(
        receipt.startswith("已交")
        for receipt in receipts_of(office, "mail_notice") + receipts_of(office, "sms_notice")
    )


@pytest.mark.req("REFUND-02", "CTRL-01")
def test_who_loses_the_notices_hears_of_it_at_the_address_from_before(office: Office, firm: Actor) -> None:
    set_contact(office, firm, "mail", MAILBOX)
    set_contact(office, firm, "sms", PHONE)
    set_contact(office, firm, "mail", "insider@elsewhere.example")
    set_contact(office, firm, "sms", "")
    set_contact(office, firm, "sms", "13700137000")
    sweep_until_idle(office)
    sweep_until_idle(office)

    (mail,), (text,) = mails_of(office), texts_of(office)
    assert (mail["To"], text["number"]) == (MAILBOX, PHONE)
    for said in (mail.get_content(), text["text"]):
        assert "如不是您本人办理" in said
        assert "elsewhere" not in said and "13700137000" not in said
    with office.store.reading() as session:
        kept = session.scalars(
            select(OutboxMessage.payload).where(OutboxMessage.kind == "contact_changed")
        ).all()
    assert len(kept) == 2
    assert not any(MAILBOX in each or PHONE in each for each in kept), "addresses are kept encrypted"


def test_whoever_gave_nothing_is_told_on_the_own_page_alone(office: Office, firm: Actor) -> None:
    a_refund(office)
    sweep_until_idle(office)

    assert (mails_of(office), texts_of(office)) == ([], [])
    assert receipts_of(office, "letter") == ["站内送达"]
    assert my_contacts(office, firm) == Contacts(phone="", mail="")


@pytest.mark.req("REFUND-02")
def test_a_mail_server_takes_the_mail_and_one_that_is_down_gets_it_later(
    office: Office, firm: Actor, postbox: tuple[Postbox, str]
) -> None:
    taken, address = postbox
    set_contact(office, firm, "mail", MAILBOX)
    down = replace(office, settings=replace(office.settings, mail="smtp://127.0.0.1:1"))
    a_refund(office)

    sweep_until_idle(down)
    assert taken.taken == []
    office.clock.forward(days=1)  # type: ignore[attr-defined]
    sweep_until_idle(replace(office, settings=replace(office.settings, mail=address)))

    (mail,) = taken.taken
    assert (mail["To"], mail["Auto-Submitted"]) == (MAILBOX, "auto-generated")
    assert mail["Message-ID"].endswith("@changling>")


def test_a_password_is_not_sent_to_a_server_that_does_not_encrypt(
    office: Office, firm: Actor, postbox: tuple[Postbox, str]
) -> None:
    taken, address = postbox
    set_contact(office, firm, "mail", MAILBOX)
    a_refund(office)

    sweep_until_idle(
        replace(office, settings=replace(office.settings, mail=address.replace("//", "//name:secret@")))
    )

    assert taken.taken == []
    with office.store.reading() as session:
        (error,) = session.scalars(
            select(OutboxMessage.last_error).where(OutboxMessage.kind == "mail_notice")
        )
    assert "不支持加密" in error and "secret" not in error


def test_what_is_no_address_is_refused_and_one_that_was_taken_back_is_told_no_more(
    office: Office, firm: Actor
) -> None:
    for wrong in ("zhangsan@", "a b@c.cn", "x@y.cn\nBcc: z@w.cn", f"{'a' * 65}@b.cn"):
        assert refused(set_contact(office, firm, "mail", wrong)) == ("mail_form",)
    assert refused(set_contact(office, firm, "sms", "0635-8888888")) == ("phone_form",)
    assert refused(set_contact(office, actor(office, "wangshouli"), "mail", MAILBOX)) == ("no_own_page",)

    set_contact(office, firm, "mail", MAILBOX)
    assert my_contacts(office, firm) == Contacts(phone="", mail="r***@guangyue.example")
    a_refund(office)
    with office.store.reading() as session:
        (kept,) = session.scalars(select(ContactPoint))
    assert MAILBOX.encode() not in kept.address_cipher
    set_contact(office, firm, "mail", "")
    sweep_until_idle(office)

    assert [mail["Subject"] for mail in mails_of(office)] == ["【畅领】通知联系方式已改动"]


def test_a_mail_setting_that_cannot_be_used_is_named_without_its_password() -> None:
    with pytest.raises(SettingsError, match="CHANGLING_MAIL") as caught:
        Settings.from_env({"CHANGLING_SECRET": "5a" * 32, "CHANGLING_MAIL": "http://name:secret@host"})
    assert "secret@" not in str(caught.value)

"""Telling people that a paper waits on their own page: by short message and mail, beside the page itself (REFUND-02).

A letter that reached its page puts one message into the outbox for each way in which its recipient can be told; each
is sent and tried again by itself. What is told: that there is a paper, its title, and where to read it.
"""

from __future__ import annotations

import orjson
from sqlalchemy.orm import Session

from engine.cases.contacts import CHANNELS, Channel, address_of, phone_for, told_of_change
from engine.cases.mail import send_mail
from engine.cases.office import Office
from engine.cases.sms import send_sms
from engine.store import outbox
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import Letter

_PAGES = {"person": "/my", "employer": "/employer"}


def announce(office: Office, message_id: int) -> bool:
    """The letter stands on its recipient's page; notices of it are put into the outbox, each once."""
    with office.store.transaction() as session:
        message = session.get_one(OutboxMessage, message_id, with_for_update=True)
        letter = session.get(Letter, int(orjson.loads(message.payload).get("letter_id", 0)))
        if letter is not None and letter.recipient.partition(":")[0] in _PAGES:
            for channel in CHANNELS:
                if _address(session, office, letter, channel):
                    outbox.put(
                        session, kind=f"{channel}_notice", key=message.key, payload={"letter_id": letter.id},
                        now=office.clock(), case_id=letter.case_id,
                    )  # fmt: skip
        outbox.mark_sent(session, message_id, now=office.clock(), receipt="站内送达")
    return True


def send_sms_notice(office: Office, message_id: int) -> bool:
    """The short message of a letter, to where its recipient is reached now."""
    return _send(office, message_id, "sms")


def send_mail_notice(office: Office, message_id: int) -> bool:
    """The mail of a letter, to the mailbox that its recipient gave."""
    return _send(office, message_id, "mail")


def send_contact_changed(office: Office, message_id: int) -> bool:
    """The address from before is told that it was replaced, and what to do if its owner did not do it."""
    with office.store.reading() as session:
        message = session.get_one(OutboxMessage, message_id)
        key, written = message.key, message.created_at
        channel, to = told_of_change(office, key, orjson.loads(message.payload))
    said = (
        "您登记的通知联系方式刚刚改动或取消，以后的通知不再发到这里。如不是您本人办理，请立即联系经办机构。"
    )
    if channel == "sms":
        receipt = send_sms(office, key=f"{key}/changed", phone=to, text=f"【畅领】{said}")
    else:
        english = (
            "Notices no longer come to this address. If you did not change that, tell the agency at once."
        )
        text = f"{said}\n\n{english}\n"
        receipt = send_mail(
            office, key=f"{key}/changed", to=to, subject="【畅领】通知联系方式已改动", text=text, at=written
        )
    with office.store.transaction() as session:
        outbox.mark_sent(session, message_id, now=office.clock(), receipt=receipt)
    return True


def _send(office: Office, message_id: int, channel: Channel) -> bool:
    with office.store.reading() as session:
        message = session.get_one(OutboxMessage, message_id)
        letter = session.get_one(Letter, int(orjson.loads(message.payload)["letter_id"]))
        to = _address(session, office, letter, channel)
        key, title, written = letter.key, letter.title, letter.created_at
        where = f"{office.settings.public_address}{_PAGES[letter.recipient.partition(':')[0]]}"
    if not to:
        receipt = "联系方式已取消，只在站内送达"
    elif channel == "sms":
        text = f"【畅领】您有新的文书《{title}》，请登录 {where} 查看。"
        receipt = send_sms(office, key=f"{key}/notice", phone=to, text=text)
    else:
        text = (
            f"您有新的文书《{title}》，请登录查看：\n{where}\n\n"
            f"A new paper waits for you. Sign in to read it:\n{where}\n\n"
            "本邮件由系统发出，请勿回复；不想再收到的，登录后在“通知方式”里取消。\n"
        )
        receipt = send_mail(office, key=key, to=to, subject=f"【畅领】{title}", text=text, at=written)
    with office.store.transaction() as session:
        outbox.mark_sent(session, message_id, now=office.clock(), receipt=receipt)
    return True


def _address(session: Session, office: Office, letter: Letter, channel: Channel) -> str:
    if channel == "sms":
        return phone_for(session, office, letter.recipient, case_id=letter.case_id)
    return address_of(session, office, letter.recipient, channel)

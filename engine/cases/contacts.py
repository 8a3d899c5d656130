"""How people and employers want to be told: a telephone and a mailbox of their own, given by themselves alone.

A notice never carries what a paper says, only that it is there. Without any contact, papers stand on the own page all
the same: nobody has to give one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import orjson
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.cases.contact_tables import ContactPoint
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.people import phone_of
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import mask_mail, mask_phone
from engine.values import Actor, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowHistory

Channel = Literal["sms", "mail"]
CHANNELS: tuple[Channel, ...] = ("sms", "mail")
_SOURCE = "人社厅发〔2020〕24号；鲁人社函〔2020〕10号（九）"
_PHONE = re.compile(r"1\d{10}")
#: what every mail server takes; nothing that could end a line of a header
_MAIL = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
_LONGEST = 120
_MASKS = {"sms": mask_phone, "mail": mask_mail}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """What is kept of whoever asks, masked; empty where nothing is."""

    phone: str
    mail: str


def my_contacts(office: Office, actor: Actor) -> Contacts | Refusal:
    """The contacts of whoever asks. Refused for staff, who have a desk."""
    if actor.kind not in ("person", "employer"):
        return _not_yours()
    with office.store.reading() as session:
        kept = {channel: address_of(session, office, actor.key, channel) for channel in CHANNELS}
    return Contacts(phone=mask_phone(kept["sms"]), mail=mask_mail(kept["mail"]))


def set_contact(office: Office, actor: Actor, channel: Channel, address: str) -> Done | Refusal:
    """Keep the address for notices; an empty one ends them. Refused for staff, and what is no address."""
    if actor.kind not in ("person", "employer"):
        return _not_yours()
    address = address.strip()

    def work(session: Session) -> Done:
        if address:
            _require_address(channel, address)
        before = address_of(session, office, actor.key, channel)
        if before == address:
            return Done(message="联系方式没有变化")
        if before:
            _tell_before(session, office, actor.key, channel, before)
        if address:
            cipher = office.vault.encrypt(address, bound_to=_place(actor.key, channel))
            row = insert(ContactPoint).values(
                owner=actor.key, channel=channel, address_cipher=cipher, given_at=office.clock()
            )
            renewed = {name: row.excluded[name] for name in ("address_cipher", "given_at")}
            session.execute(row.on_conflict_do_update(index_elements=["owner", "channel"], set_=renewed))
        else:
            session.execute(
                delete(ContactPoint).where(ContactPoint.owner == actor.key, ContactPoint.channel == channel)
            )
        mask = _MASKS[channel]
        append(
            session,
            stream="office",
            action=Action.CONTACT_CHANGED,
            actor=actor,
            subject=actor.key,
            before={channel: mask(before)},
            after={channel: mask(address)},
            now=office.clock(),
        )
        return Done(message="联系方式已保存" if address else "以后不再这样通知您")

    return attempt(office, actor, work, subject=actor.key)


def address_of(session: Session, office: Office, owner: str, channel: Channel) -> str:
    """The address in full, for sending; empty where none was given."""
    kept = session.get(ContactPoint, (owner, channel))
    return "" if kept is None else office.vault.decrypt(kept.address_cipher, bound_to=_place(owner, channel))


def phone_for(session: Session, office: Office, owner: str, *, case_id: int | None) -> str:
    """Where to reach them by telephone: as they gave it for notices, as the office keeps it, or as given in the case."""
    given = address_of(session, office, owner, "sms")
    kind, _, number = owner.partition(":")
    kept = given or (phone_of(session, office.vault, int(number)) if kind == "person" else "")
    return kept or _phone_in(session, owner, case_id)


def told_of_change(office: Office, key: str, payload: Mapping[str, str]) -> tuple[Channel, str]:
    """The channel and the address from before of a message of the kind ``contact_changed``."""
    before = office.vault.decrypt(bytes.fromhex(payload["before"]), bound_to=key)
    return ("sms" if payload["channel"] == "sms" else "mail"), before


def _tell_before(session: Session, office: Office, owner: str, channel: Channel, before: str) -> None:
    """Whoever had the address hears that notices go elsewhere now: if it was not them, they can still speak up."""
    key = f"{owner}/{channel}/{office.clock().isoformat()}"
    payload = {"channel": channel, "before": office.vault.encrypt(before, bound_to=key).hex()}
    outbox.put(session, kind="contact_changed", key=key, payload=payload, now=office.clock())


def _phone_in(session: Session, owner: str, case_id: int | None) -> str:
    entered = session.scalars(
        select(WorkflowHistory.outcome)
        .where(
            WorkflowHistory.case_id == case_id,
            WorkflowHistory.actor == owner,
            WorkflowHistory.kind == "completed",
        )
        .order_by(WorkflowHistory.id.desc())
    )
    return next((str(given["phone"]) for each in entered if (given := orjson.loads(each)).get("phone")), "")


def _require_address(channel: Channel, address: str) -> None:
    if channel == "sms" and not _PHONE.fullmatch(address):
        raise RefusedError(
            Reason(
                code="phone_form", text="手机号码是1开头的11位数字", text_en="A mobile number has 11 digits.", source=_SOURCE
            )
        )  # fmt: skip
    if channel == "mail" and not (len(address) <= _LONGEST and _MAIL.fullmatch(address)):
        raise RefusedError(
            Reason(
                code="mail_form",
                text="邮箱地址写法：name@example.cn",
                text_en="A mailbox is written name@example.cn.",
                source=_SOURCE,
            )
        )


def _place(owner: str, channel: Channel) -> str:
    return f"contact_point:{owner}:{channel}"


def _not_yours() -> Refusal:
    return Refusal(
        reasons=(
            Reason(
                code="no_own_page", text="只有群众和单位登录后可以登记联系方式", text_en="Only people and employers give contacts.",
                source=_SOURCE,
            ),
        )
    )  # fmt: skip

"""Saying something against a published refund: anybody may, without signing in and without a name (REFUND-05).

What is said becomes work of the refund's case, and nobody is paid while it is open. Floods are held off by how many
come from one network address, of which only a keyed index is kept, and by how many lie on one refund.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.refunds import notices
from engine.refunds.campaign_tables import (
    NoticeObjection,
    RefundNoticeLine,
    RefundNoticeList,
    RetentionRefund,
)
from engine.store import outbox
from engine.values import SYSTEM, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase, WorkflowSubscription

#: what a case that waits for the end of its notice hears
OBJECTED = "notice_objection"
#: from one address within an hour, and open on one refund
PER_ADDRESS, PER_REFUND = 5, 20
_HOUR = timedelta(hours=1)
_SHORTEST, _LONGEST, _NAME = 10, 2000, 100
_SOURCE = "鲁人社函〔2020〕10号（二）"


def object_to_notice(
    office: Office, *, line_id: int, said: str, name: str = "", contact: str = "", address: str = ""
) -> Done | Refusal:
    """What somebody says against the line of a public notice, kept at once; the case looks into it.

    Refused once the notice has ended, for a few words only, and beyond what one address or one refund may bring.
    """

    def work(session: Session) -> Done:
        line = session.get(RefundNoticeLine, line_id)
        if line is None:
            raise _no("no_such_line", "没有这条公示", "No such notice.")
        refund = session.get_one(RetentionRefund, line.refund_id, with_for_update=True)
        _require_open(session, office, refund, line)
        text = said.strip()
        if not _SHORTEST <= len(text) <= _LONGEST or len(name) > _NAME or len(contact) > _NAME:
            raise _no(
                "said_too_little",
                f"请写明反映的情况，{_SHORTEST} 至 {_LONGEST} 字",
                f"Say what is wrong, in {_SHORTEST} to {_LONGEST} characters.",
            )
        index = office.vault.index(address or "unknown")
        _throttle(session, office, refund, index)
        notices.take(
            session,
            office.vault,
            refund,
            line,
            who=" ".join(filter(None, (name.strip(), contact.strip()))),
            said=text,
            address_index=index,
            actor=SYSTEM,
            now=office.clock(),
        )
        _wake(session, office, refund)
        return Done(message="已收到，查清之前不拨付")

    return attempt(office, SYSTEM, work, subject=f"refund_notice_line:{line_id}")


def _require_open(session: Session, office: Office, refund: RetentionRefund, line: RefundNoticeLine) -> None:
    notice = session.get_one(RefundNoticeList, line.list_id)
    newest = notices.newest_line(session, refund.id)
    if (
        refund.status != "noticed"
        or newest is None
        or newest.id != line.id
        or notices.is_over(notice.until, office.clock())
    ):
        raise _no(
            "notice_over",
            "公示已结束或已更新；可以向内控稽核反映，电话见页脚",
            "This notice has ended or was published anew.",
        )


def _throttle(session: Session, office: Office, refund: RetentionRefund, index: bytes) -> None:
    recent = session.scalar(
        select(func.count()).where(
            NoticeObjection.address_index == index, NoticeObjection.taken_at > office.clock() - _HOUR
        )
    )
    waiting = len(notices.open_objections(session, refund.id))
    if int(recent or 0) >= PER_ADDRESS or waiting >= PER_REFUND:
        raise _no(
            "too_many_objections",
            "反映过于频繁，请一小时以后再试；已收到的都会查清",
            "Too many at once; try again in an hour. Everything received is looked into.",
        )


def _wake(session: Session, office: Office, refund: RetentionRefund) -> None:
    """The case is told where it waits for the end of the notice; else it looks by itself before it goes on."""
    waits = session.scalar(
        select(WorkflowSubscription.task_id)
        .join(WorkflowCase, WorkflowCase.id == WorkflowSubscription.case_id)
        .where(
            WorkflowSubscription.case_id == refund.case_id,
            WorkflowSubscription.message == OBJECTED,
            WorkflowCase.status == "running",
        )
    )
    if waits is None:
        return
    case = session.get_one(WorkflowCase, refund.case_id)
    content = {"name": OBJECTED, "correlation": case.case_key, "payload": {}, "case_id": case.id}
    outbox.put(
        session,
        kind="message",
        # one for each time that it waits: it looks at everything that has come
        key=f"{OBJECTED}/{waits}",
        payload=content,
        now=office.clock(),
        case_id=case.id,
    )


def _no(code: str, text: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=_SOURCE))

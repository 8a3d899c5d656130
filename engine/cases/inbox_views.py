"""Lists of the inbox kept under a name, with their filters; one's own, or for all staff of a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engine.cases.desk_tables import SavedView
from engine.cases.inbox_filters import read_filter
from engine.cases.office import Office
from engine.cases.rows import reaches
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.views import Done, InboxList
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, Refusal, RefusedError, reach

_NAME_MAX = 60
#: a drawer that holds more is no longer looked into
_VIEWS_MAX = 40
#: whom a case is about is not kept with a view, and not shared
_PERSONAL = frozenset({"who", "name", "search"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxView:
    """A kept list, as links to it need it."""

    view_id: int
    name: str
    #: the part of the address behind the question mark
    query: str
    mine: bool
    owner: str
    #: region whose staff may use it; empty: nobody else
    shared_with: str


def views(office: Office, actor: Actor) -> tuple[InboxView, ...]:
    """The actor's own views, then those shared with a region of the actor's posts."""
    if actor.kind != "staff":
        return ()
    with office.store.reading() as session:
        regions = {each.scope.ljust(6, "0") for each in reaches(session, office, actor)}
        # what is shared with a region is shared with the offices below it
        above = {code for region in regions for code in _and_above(region)}
        query = select(SavedView).where(or_(SavedView.owner == actor.key, SavedView.shared_with.in_(above)))
        found = session.scalars(
            query.order_by(SavedView.owner != actor.key, SavedView.name, SavedView.id)
        ).all()
        return tuple(
            InboxView(
                view_id=view.id,
                name=view.name,
                query=view.query,
                mine=view.owner == actor.key,
                owner=name_of(session, view.owner),
                shared_with=view.shared_with,
            )
            for view in found
        )


def keep_view(
    office: Office, actor: Actor, *, name: str, which: InboxList, asked: Mapping[str, str], share: str = ""
) -> Done | Refusal:
    """The list kept under the name, in place of one of the actor's that had it; ``share``: a region of their posts.

    Filters by person, employer or case number are not kept.
    """

    def work(session: Session) -> Done:
        _refuse_name(actor, name)
        _refuse_share(session, office, actor, share)
        kept = {key: text for key, text in read_filter(asked).query().items() if key not in _PERSONAL}
        view = session.scalar(
            select(SavedView).where(SavedView.owner == actor.key, SavedView.name == name.strip())
        )
        if view is None:
            _refuse_one_more(session, actor)
            view = SavedView(owner=actor.key, name=name.strip())
            session.add(view)
        view.query, view.shared_with = urlencode({"list": which, **kept}), share
        view.made_at = office.clock()
        _note(session, office, actor, Action.VIEW_KEPT, view)
        return Done(message=f"已保存视图：{view.name}")

    return attempt(office, actor, work, subject="view")


def drop_view(office: Office, actor: Actor, view_id: int) -> Done | Refusal:
    """The view is gone; only its owner drops it."""

    def work(session: Session) -> Done:
        view = session.get(SavedView, view_id)
        if view is None or view.owner != actor.key:
            raise RefusedError(Reason(code="no_such_view", text="没有这个视图", text_en="No such view."))
        _note(session, office, actor, Action.VIEW_DROPPED, view)
        session.delete(view)
        return Done(message=f"已删除视图：{view.name}")

    return attempt(office, actor, work, subject=f"view:{view_id}")


def parts_of(view: InboxView) -> dict[str, str]:
    """The view's query, taken apart."""
    return dict(parse_qsl(view.query))


def _and_above(region: str) -> set[str]:
    return {region, region[:4] + "00", region[:2] + "0000"}


def _refuse_name(actor: Actor, name: str) -> None:
    if actor.kind != "staff":
        raise RefusedError(Reason(code="not_for_public", text="此操作限经办人员", text_en="Staff only."))
    if not name.strip() or len(name.strip()) > _NAME_MAX or not name.strip().isprintable():
        raise RefusedError(
            Reason(
                code="view_name",
                text=f"请给视图起一个{_NAME_MAX}字以内的名称",
                text_en=f"Give the view a name of at most {_NAME_MAX} characters.",
            )
        )


def _refuse_share(session: Session, office: Office, actor: Actor, share: str) -> None:
    if not share:
        return
    if not any(reach(share).startswith(each.scope) for each in reaches(session, office, actor)):
        raise RefusedError(
            Reason(
                code="other_region",
                text="只能共享给本人岗位管辖的地区",
                text_en="Shared only within the regions of one's own posts.",
                fact=share,
            )
        )


def _refuse_one_more(session: Session, actor: Actor) -> None:
    has = session.scalar(select(func.count()).where(SavedView.owner == actor.key)) or 0
    if has >= _VIEWS_MAX:
        raise RefusedError(
            Reason(
                code="too_many_views",
                text=f"最多保存{_VIEWS_MAX}个视图，请先删除不用的",
                text_en=f"At most {_VIEWS_MAX} views; drop some first.",
            )
        )


def _note(session: Session, office: Office, actor: Actor, action: Action, view: SavedView) -> None:
    session.flush()
    append(
        session,
        stream="office",
        action=action,
        actor=actor,
        subject=f"view:{view.id}",
        after={"name": view.name, "query": view.query, "shared_with": view.shared_with},
        now=office.clock(),
    )

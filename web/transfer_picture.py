"""Both ends of a transfer on one picture: two lanes, the stretches of the road, and the messages between them.

Drawn on the server as SVG with words, lying for a desk and standing for a telephone; no script, no inline style. A
colour never stands alone: each state has a sign and a line of its own, and a table beside the picture says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from markupsafe import Markup, escape

from engine.cases.transfer_messages import latest
from engine.cases.transfer_records import MessageLine, Side, Stage, TransferEnd, TransferView
from engine.values import CHINA
from web.display import term

#: beside each colour
SIGNS: Mapping[str, str] = {
    "done": "✓", "current": "▶", "late": "▲", "future": "○", "skipped": "–", "broken": "✕",
}  # fmt: skip
#: in which column of the road a message is drawn
_COLUMNS: Mapping[str, float] = {
    "transfer_application": 0, "contact_letter": 1.5, "transfer_refused": 2, "transfer_withdrawn": 2.5,
    "transfer_info": 3, "transfer_money": 4, "transfer_receipt": 5,
}  # fmt: skip
#: drawn though nobody has sent them yet
_EXPECTED: Mapping[str, tuple[str, Side]] = {
    "contact_letter": ("联系函", "in"), "transfer_info": ("转出信息表", "out"),
    "transfer_money": ("资金已付通知", "out"), "transfer_receipt": ("回执", "in"),
}  # fmt: skip
_ARROW = (
    '<defs><marker id="{id}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
    'orient="auto-start-reverse"><path class="lane-head" d="M0 0 L10 5 L0 10 z"/></marker></defs>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where things are drawn: along the road, and across it from lane to lane."""

    kind: str
    width: int
    height: int
    #: of a stretch
    box: tuple[int, int]
    #: distance of two stretches, and where the first is
    step: int
    start: int
    #: the middle of each lane
    lanes: Mapping[Side, int]

    @property
    def lying(self) -> bool:
        """Whether the road runs from left to right."""
        return self.kind == "lanes-lying"

    def place(self, column: float, side: Side) -> tuple[float, float]:
        """The middle of that column in that lane."""
        along, across = self.start + column * self.step, self.lanes[side]
        return (along, across) if self.lying else (across, along)


_LYING = _Frame(
    kind="lanes-lying",
    width=1180,
    height=292,
    box=(118, 58),
    step=146,
    start=236,
    lanes={"in": 74, "out": 224},
)
_STANDING = _Frame(
    kind="lanes-standing",
    width=360,
    height=716,
    box=(122, 56),
    step=94,
    start=108,
    lanes={"in": 72, "out": 288},
)


def picture(view: TransferView) -> Markup:
    """The picture twice, lying and standing; the style sheet shows the one that fits the window."""
    # every word from outside is escaped where it is put in
    return Markup("").join(_drawn(view, frame) for frame in (_LYING, _STANDING))


def told_words(told: object) -> str:
    """Who says so: ``据对方第3号消息``; empty for our own records."""
    how, number = getattr(told, "how", ""), getattr(told, "number", 0)
    if how == "message":
        return str(_("据对方第%(number)s号消息", number=number))
    return str(_("据对方对第%(number)s号消息的回执", number=number)) if how == "receipt" else ""


def _drawn(view: TransferView, frame: _Frame) -> Markup:
    parts = [
        _ARROW.format(id=f"{frame.kind}-head"),
        *_lane(view.receiving, frame),
        *_lane(view.sending, frame),
        *_messages(view, frame),
        *_road(view.stages, frame),
    ]
    title = _(
        "转迁 %(number)s 在两地的进展：%(state)s。同样的内容见下表。",
        number=view.number,
        state=str(term(view.state_name).striptags()),
    )
    return Markup(  # noqa: S704 - every word from outside is escaped where it is put in
        f'<svg class="lanes {frame.kind}" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {frame.width} {frame.height}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _lane(end: TransferEnd, frame: _Frame) -> Iterator[str]:
    """The ground of one lane with the name of its office, and the line that its stretches lie on."""
    middle = frame.lanes[end.side]
    words = _("转入地") if end.side == "in" else _("转出地")
    first, last = frame.place(0, end.side), frame.place(6, end.side)
    elsewhere = "" if end.here else " lane-elsewhere"
    if frame.lying:
        yield f'<rect class="lane-ground{elsewhere}" x="1" y="{middle - 68}" width="{frame.width - 2}" height="136" rx="6"/>'
        x, y, anchor = 18, middle - 16, ""
    else:
        yield f'<rect class="lane-ground{elsewhere}" x="{middle - 71}" y="1" width="142" height="{frame.height - 2}" rx="6"/>'
        x, y, anchor = middle, 22, " lane-middle"
    yield f'<line class="lane-line" x1="{first[0]}" y1="{first[1]}" x2="{last[0]}" y2="{last[1]}"/>'
    office = _shortened(end.peer_name or _("本系统"), 12 if frame.lying else 10)
    said = (("lane-word", words), ("lane-word", end.region_name), ("lane-office", office))
    for line, (kind, text) in enumerate(said):
        yield f'<text class="{kind}{anchor}" x="{x}" y="{y + 19 * line}">{escape(text)}</text>'


def _road(stages: Sequence[Stage], frame: _Frame) -> Iterator[str]:
    for column, stage in enumerate(stages):
        sides: tuple[Side, ...] = ("in", "out") if stage.side == "both" else (stage.side,)
        for side in sides:
            yield from _stretch(stage, frame.place(column, side), frame)


def _stretch(stage: Stage, at: tuple[float, float], frame: _Frame) -> Iterator[str]:
    (x, y), (width, height) = at, frame.box
    told = " stretch-told" if stage.told else ""
    yield (
        f'<rect class="stretch stretch-{stage.state}{told}" x="{x - width / 2:g}" y="{y - height / 2:g}" '
        f'width="{width}" height="{height}" rx="6"/>'
    )
    name = f"{SIGNS[stage.state]} {term(stage.name).striptags()}"
    yield f'<text class="stretch-name stretch-text-{stage.state}" x="{x:g}" y="{y - 8 if _under(stage) else y + 5:g}">{escape(name)}</text>'
    for line, words in enumerate(_under(stage)):
        yield f'<text class="stretch-when" x="{x:g}" y="{y + 8 + 14 * line:g}">{escape(words)}</text>'


def _under(stage: Stage) -> list[str]:
    """What stands under the name: the day, and who says so."""
    if stage.state == "skipped":
        return [str(_("不经过"))]
    day = f"{stage.at.astimezone(CHINA):%Y-%m-%d}" if stage.at else ""
    source = ""
    if stage.told:
        source = str(
            _("对方第%(number)s号消息", number=stage.told.number)
            if stage.told.how == "message"
            else _("第%(number)s号的回执", number=stage.told.number)
        )
    return [words for words in (day, source) if words]


def _messages(view: TransferView, frame: _Frame) -> Iterator[str]:
    """The latest message of each kind as an arrow from lane to lane, and what is still expected."""
    last = {line.kind: latest(view.messages, line.kind) or line for line in view.messages}
    road = {stage.key: stage.state for stage in view.stages}
    for kind, line in last.items():
        if kind in _COLUMNS:
            yield from _arrow(_COLUMNS[kind], line.sender, _message_words(line), _message_state(line), frame)
    money_goes = road["in_transit"] != "skipped"
    for kind, (name, sender) in _EXPECTED.items():
        travels = money_goes or kind not in ("transfer_money", "transfer_receipt")
        if kind not in last and travels and view.state not in ("refused", "withdrawn", "settled"):
            yield from _arrow(_COLUMNS[kind], sender, str(term(name).striptags()), "expected", frame)


def _message_words(line: MessageLine) -> str:
    number = f" №{line.number}" if line.number is not None else ""
    sign = {"unheard": " …", "wrong": " ✕", "heard": " ✓"}[_message_state(line)]
    return f"{term(line.kind_name).striptags()}{number}{sign}"


def _message_state(line: MessageLine) -> str:
    if line.dead or line.outcome == "contradicted" or line.ack_state == "contradicted":
        return "wrong"
    return "heard" if line.acked_at or line.heard_at else "unheard"


def _arrow(column: float, sender: Side, words: str, state: str, frame: _Frame) -> Iterator[str]:
    receiver: Side = "out" if sender == "in" else "in"
    (x1, y1), (x2, y2) = frame.place(column, sender), frame.place(column, receiver)
    gap = (frame.box[1] if frame.lying else frame.box[0]) / 2 + 2
    on_stretch = column == int(column)
    toward = 1 if (y2 - y1 if frame.lying else x2 - x1) > 0 else -1
    start = gap if on_stretch else 6
    if frame.lying:
        y1, y2 = y1 + toward * start, y2 - toward * 6
    else:
        x1, x2 = x1 + toward * start, x2 - toward * 6
    yield (
        f'<line class="message message-{state}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" '
        f'marker-end="url(#{frame.kind}-head)"/>'
    )
    middle = frame.height / 2 + 3 if frame.lying else (x1 + x2) / 2
    if frame.lying:
        # the letter's words stand before it: behind it a refusal comes back
        before = column == _COLUMNS["contact_letter"]
        place, anchor = (x1 - 7, " message-before") if before else (x1 + 7, "")
        yield f'<text class="message-word{anchor} message-word-{state}" x="{place:g}" y="{middle:g}">{escape(words)}</text>'
    else:
        yield f'<text class="message-word lane-middle message-word-{state}" x="{middle:g}" y="{y1 - 6:g}">{escape(words)}</text>'


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"

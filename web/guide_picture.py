"""The flow chart of a service guide, drawn on the server as SVG: the way of the applicant, and what parts from it.

Standing, for a telephone and for a desk; no script, no inline style. Every shape has a sign and words beside its
colour, and the numbered steps under the picture say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from markupsafe import Markup, escape

from engine.cases.guide_views import GuideBranch, GuideLimit, GuideMatter, GuideStep
from engine.workflow.guide import Bilingual, StretchKind
from web.language import chosen

#: beside each colour
SIGNS: dict[StretchKind, str] = {
    "start": "●", "yours": "◆", "office": "□", "system": "⚙", "wait": "◷", "end": "✓",
}  # fmt: skip
#: beside the ends and ways back
OUTCOMES = {"back": "↩", "done": "✓", "refused": "✕"}
_ARROW = (
    '<defs><marker id="{id}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
    '<path class="guide-head" d="M0 0 L10 5 L0 10 z"/></marker></defs>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where things are drawn, and how many signs of a name fit into a line."""

    kind: str
    width: int
    #: left edge and width of the steps, and of what stands beside them
    road: tuple[int, int]
    side: tuple[int, int]
    size: int
    small: int
    gap: int


_WIDE = _Frame(kind="guide-wide", width=720, road=(1, 330), side=(400, 319), size=16, small=13, gap=26)
_NARROW = _Frame(kind="guide-narrow", width=352, road=(1, 194), side=(222, 129), size=14, small=12, gap=24)


@dataclass(frozen=True, slots=True)
class _Text:
    """One line of words, and how it is written."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A box with its lines."""

    kind: str
    lines: tuple[_Text, ...]
    height: int
    #: begins and ends are round
    round: bool = False


def picture(body: GuideMatter) -> Markup:
    """The picture twice; the style sheet shows the one that fits the window."""
    # every word from outside is escaped where it is put in
    return Markup("").join(_drawn(body, frame) for frame in (_WIDE, _NARROW))


def plain_picture(body: GuideMatter) -> Markup:
    """The picture once, for paper."""
    return _drawn(body, _WIDE)


def said(words: Bilingual) -> str:
    """The text in the reader's language; in Chinese where nobody has written the English."""
    return (words.en if chosen() == "en" else "") or words.zh


def limit_words(limit: GuideLimit | None) -> str:
    """``10 个工作日``; empty for no limit."""
    if limit is None:
        return ""
    if limit.unit == "told":
        return str(_("以通知写明的日期为准"))
    if limit.unit == "workdays":
        return str(_("%(days)s 个工作日", days=limit.count))
    return str(_("%(days)s 日", days=limit.count))


def _drawn(body: GuideMatter, frame: _Frame) -> Markup:
    parts = [_ARROW.format(id=f"{frame.kind}-head")]
    y = 2
    x, width = frame.road
    for number, step in enumerate(body.steps):
        shape = _step_shape(step, number, frame)
        sides = [_side_shape(branch, frame) for branch in body.branches if branch.after == number]
        beside = sum(side.height for side in sides) + 8 * max(len(sides) - 1, 0)
        parts += _box(shape, x, y, width, frame)
        parts += _beside(sides, y, shape.height, frame)
        below = y + max(shape.height, beside) + frame.gap
        if number + 1 < len(body.steps):
            middle = x + width / 2
            parts.append(
                f'<line class="guide-flow" x1="{middle:g}" y1="{y + shape.height}" x2="{middle:g}" y2="{below}" '
                f'marker-end="url(#{frame.kind}-head)"/>'
            )
        y = below
    title = _("%(matter)s的流程图。同样的内容见“办理步骤”。", matter=said(body.title))
    return Markup(  # noqa: S704 - every word from outside is escaped where it is put in
        f'<svg class="guide-chart {frame.kind}" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {frame.width} {y - frame.gap + 4}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _step_shape(step: GuideStep, number: int, frame: _Frame) -> _Shape:
    width = frame.road[1] - 22
    who = "" if step.kind in ("start", "end", "wait") else f" · {_who(step)}"
    lines = [_Text("guide-who", f"{number + 1} {SIGNS[step.kind]}{who}")]
    name = _joined(step.names)
    lines += [_Text("guide-name", line) for line in wrapped(name, width, frame.size, most=4)]
    if limit := limit_words(step.limit):
        lines += [_Text("guide-limit", line) for line in wrapped(f"≤ {limit}", width, frame.small, most=2)]
    for letter in step.letters:
        lines += [
            _Text("guide-letter", line) for line in wrapped(f"✉ {said(letter)}", width, frame.small, most=2)
        ]
    return _shape(f"guide-{step.kind}", lines, frame, is_round=step.kind in ("start", "end"))


def _side_shape(branch: GuideBranch, frame: _Frame) -> _Shape:
    width = frame.side[1] - 18
    lines = [
        _Text("guide-who", line) for line in wrapped(said(answer_of(branch)), width, frame.small, most=3)
    ]
    for step in branch.steps:
        # a refusal is told by its end and its letter, not by who writes it
        if branch.outcome == "back" or step.kind == "yours":
            name = f"{SIGNS[step.kind]} {_joined(step.names)}"
            lines += [
                _Text("guide-side-name", line) for line in wrapped(name, width, frame.small + 1, most=3)
            ]
        for letter in step.letters:
            lines += [
                _Text("guide-letter", line)
                for line in wrapped(f"✉ {said(letter)}", width, frame.small, most=4)
            ]
    ending = (
        _("回到第 %(number)s 步", number=(branch.back_to or 0) + 1)
        if branch.outcome == "back"
        else said(branch.end)
    )
    lines += [
        _Text("guide-side-name", line)
        for line in wrapped(f"{OUTCOMES[branch.outcome]} {ending}", width, frame.small + 1, most=2)
    ]
    return _shape(f"guide-side guide-{branch.outcome}", lines, frame, is_round=False)


def answer_of(branch: GuideBranch) -> Bilingual:
    """What leads to the branch: the answer or event; in English the question, since answers have Chinese names only."""
    label, question = branch.label, branch.question
    short = len(label.zh) <= 2 and question.zh
    return Bilingual(zh=f"{question.zh}{label.zh}" if short else label.zh, en=label.en or question.en)


def _joined(names: Sequence[Bilingual]) -> str:
    return (", " if chosen() == "en" else "、").join(said(each) for each in names)


def _who(step: GuideStep) -> str:
    return str(_("您办理")) if step.kind == "yours" else said(step.lane)


def _shape(kind: str, lines: Sequence[_Text], frame: _Frame, *, is_round: bool) -> _Shape:
    height = 14 + sum(_tall(line, frame) for line in lines)
    return _Shape(kind=kind, lines=tuple(lines), height=height, round=is_round)


def _tall(line: _Text, frame: _Frame) -> int:
    return (frame.size if line.kind == "guide-name" else frame.small) + 7


def _box(shape: _Shape, x: float, y: float, width: float, frame: _Frame) -> Iterator[str]:
    radius = 18 if shape.round else 5
    yield f'<rect class="{shape.kind}" x="{x + 1:g}" y="{y:g}" width="{width - 2:g}" height="{shape.height}" rx="{radius}"/>'
    at = y + 5
    for line in shape.lines:
        at += _tall(line, frame)
        yield f'<text class="{line.kind}" x="{x + 12:g}" y="{at - 4:g}">{escape(line.words)}</text>'


def _beside(sides: Sequence[_Shape], y: int, height: int, frame: _Frame) -> Iterator[str]:
    """What parts from a step, to the right of it, from top to bottom."""
    left, width = frame.side
    right = sum(frame.road)
    # out of the side of the step, and down to each
    out = y + min(height / 2, 30)
    turn = right + (left - right) / 2
    at = y
    for shape in sides:
        into = at + min(shape.height / 2, 30)
        yield (
            f'<polyline class="guide-part" points="{right - 1:g},{out:g} {turn:g},{out:g} {turn:g},{into:g} {left:g},{into:g}" '
            f'marker-end="url(#{frame.kind}-head)"/>'
        )
        yield from _box(shape, left, at, width, frame)
        at += shape.height + 8


def wrapped(text: str, width: float, size: float, *, most: int) -> list[str]:
    """The text in lines of that width at that size of letters; what does not fit into so many ends with dots."""
    lines, line, used = [""], 0, 0.0
    for word in _words(text):
        wide = sum(_wide(sign) for sign in word) * size
        if used + wide > width and lines[line]:
            lines.append("")
            line, used = line + 1, 0.0
            word = word.lstrip()
        lines[line] += word
        used += wide
    kept = [each.strip() for each in lines]
    return kept if len(kept) <= most else [*kept[: most - 1], f"{kept[most - 1][:-1]}…"]


def _words(text: str) -> Iterator[str]:
    """Where a line may break: after every Chinese sign, and before a space."""
    word = ""
    for sign in text:
        if sign == " " and word:
            yield word
            word = sign
        elif ord(sign) > 0x2E80:
            # a sign of punctuation does not begin a line
            if word:
                if sign in "，。、；：）”？":
                    yield word + sign
                    word = ""
                    continue
                yield word
            word = sign
        else:
            word += sign
    if word:
        yield word


def _wide(sign: str) -> float:
    """How wide a sign is, in parts of its size."""
    return 1.02 if ord(sign) > 0x2E80 or sign in "◆□⚙◷✓✕↩✉●" else 0.58


def limit_bar(body: GuideMatter) -> Markup:
    """The office's own steps against the limit of the whole, in working days; empty where they cannot be compared."""
    total, days = body.whole_limit, body.office_days
    if total is None or total.unit != "workdays" or not days:
        return Markup("")
    most = max(total.count, days)
    unit = 340 / most
    parts, x = [], 6.0
    for step in body.steps:
        if step.kind != "office" or step.limit is None:
            continue
        wide = step.limit.count * unit
        parts.append(
            f'<rect class="guide-days" x="{x:g}" y="22" width="{wide - 2:g}" height="26" rx="3"/>'
            f'<text class="guide-days-word" x="{x + wide / 2 - 1:g}" y="40">{step.limit.count}</text>'
        )
        x += wide
    end = 6 + total.count * unit
    parts.append(
        f'<line class="guide-total" x1="{end:g}" y1="16" x2="{end:g}" y2="54"/>'
        f'<text class="guide-total-word" x="{end:g}" y="12">{escape(limit_words(total))}</text>'
    )
    title = _("各环节时限合计 %(days)s 个工作日，全程时限 %(total)s 个工作日", days=days, total=total.count)
    return Markup(  # noqa: S704 - every word from outside is escaped where it is put in
        f'<svg class="guide-bar" role="img" aria-label="{escape(title)}" viewBox="0 0 352 58" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )

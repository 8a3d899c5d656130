"""Rules about public processes: a guide can be made of the diagram alone, in both languages, and leads somewhere.

Called by ``checks`` only; what a guide may not ask is judged with every other text of the diagram.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.workflow.drawing import Scope
from engine.workflow.facts import properties_of
from engine.workflow.guide import (
    ENDS,
    GUIDE_END,
    NOTE_EN,
    PLAIN,
    WORDED,
    cited,
    documentation_of,
    main_way,
    road_of_scope,
)
from engine.workflow.problems import Findings
from engine.workflow.vocabulary import Element, Names

#: what must be written, and how it is called in a message
_NEEDED = {"guide_who": "谁可以申请", "guide_how": "在哪里、怎样申请"}
_KNOWN = frozenset({*PLAIN, *WORDED, *(f"{name}_en" for name in WORDED)})
_ADDRESS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PAGE = re.compile(r"/[A-Za-z0-9/_-]*")


def judge_guide(process: Scope, elements: Mapping[str, Element], names: Names, findings: Findings) -> None:
    """Judge the process where it is public (property ``guide``); and say so of a guide's words on one that is not."""
    said = properties_of(process.xml)
    for name in said:
        if name.startswith("guide") and name not in _KNOWN:
            findings.error(
                "guide_property", process, f"不认识的指南属性“{name}”，可用：{'、'.join(sorted(_KNOWN))}"
            )
    ends = {own: element.properties.get(GUIDE_END, "") for own, element in elements.items()}
    for own, kind in ends.items():
        if kind and (kind not in ENDS or elements[own].kind != "endEvent"):
            findings.error(
                "guide_end",
                elements[own],
                f"guide_end 只写在结束事件上，写 {'、'.join(ENDS)} 之一，现为“{kind}”",
            )
    if not said.get("guide"):
        return
    _words(process, said, findings)
    _references(process, said, names, findings)
    main = [own for own, kind in ends.items() if kind == "main"]
    if len(main) != 1:
        message = f"公开办事指南要在办成的结束事件上写 guide_end=main，有且只有一个，现有{len(main)}个"
        findings.error("guide_end", process, message)
    elif not main_way(process, elements):
        findings.error("guide_end", elements[main[0]], "从开始走不到这个结束事件，办事指南画不出来")
    else:
        _road(process, elements, names, findings)


def _words(process: Scope, said: Mapping[str, str], findings: Findings) -> None:
    for name, what in _NEEDED.items():
        for own, language in ((name, ""), (f"{name}_en", "（英文）")):
            if not said.get(own):
                findings.error("guide_lacks", process, f"公开办事指南缺少“{what}”{language}：属性 {own}")
    if not documentation_of(process):
        findings.error("guide_lacks", process, "公开办事指南缺少办理事项说明：流程的说明（documentation）")
    for own, what in (("english", "英文名称"), (NOTE_EN, "英文说明")):
        if not said.get(own):
            findings.error("guide_lacks", process, f"公开办事指南缺少{what}：属性 {own}")
    if not cited(said.get("guide_basis", "")):
        findings.error(
            "guide_lacks",
            process,
            "公开办事指南缺少办理依据：属性 guide_basis，如 sil 第四十五条; siar 第二十四条",
        )


def _references(process: Scope, said: Mapping[str, str], names: Names, findings: Findings) -> None:
    if not _ADDRESS.fullmatch(said["guide"]):
        findings.error("guide_address", process, f"指南地址“{said['guide']}”只能用小写字母、数字和短横")
    if said.get("guide_link") and not _PAGE.fullmatch(said["guide_link"]):
        findings.error("guide_address", process, f"guide_link“{said['guide_link']}”不是本系统的页面地址")
    limit = said.get("guide_limit", "")
    if limit and names.limits is not None and limit not in names.limits:
        findings.unknown("unknown_limit", process, f"没有时限“{limit}”（policy/time-limits.yaml）")
    for each in cited(said.get("guide_basis", "")):
        if names.sources is not None and each.source not in names.sources:
            findings.unknown("unknown_source", process, f"没有来源“{each.source}”（policy/sources.yaml）")


def _road(process: Scope, elements: Mapping[str, Element], names: Names, findings: Findings) -> None:
    """Everything that the road shows has a name in both languages; the beginning says what is asked there."""
    road = road_of_scope(process, elements, names)
    stretches = [*road.stretches, *(each for branch in road.branches for each in branch.stretches)]
    shown = [element for stretch in stretches for element in stretch.elements]
    shown += [branch.end for branch in road.branches if branch.end]
    for element in {each.id: each for each in shown}.values():
        if not element.name:
            findings.error("guide_lacks", element, "公开办事指南要画出这一步，请写名称")
        if not element.properties.get("english"):
            findings.error("guide_lacks", element, "公开办事指南要画出这一步，请写英文名称：属性 english")
    for stretch in stretches:
        if stretch.kind in ("start", "yours"):
            for element in stretch.elements:
                _told(element, findings)


def _told(element: Element, findings: Findings) -> None:
    """What people from outside have to do is said to them, in both languages."""
    if not element.documentation:
        findings.error(
            "guide_lacks", element, "由申请人办理的这一步要写说明（documentation）：做什么、需要什么"
        )
    if not element.properties.get(NOTE_EN):
        findings.error("guide_lacks", element, f"由申请人办理的这一步要写英文说明：属性 {NOTE_EN}")

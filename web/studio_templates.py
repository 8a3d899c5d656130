"""Element templates for the modeler, made of what the office knows: operations, forms, limits, duties, controls,
decisions. Format: element templates of Camunda Platform (bpmn.io)."""

from __future__ import annotations

from collections.abc import Mapping

from engine.duties import DutyBook
from engine.workflow.vocabulary import Names

#: plain JSON of one template
Template = dict[str, object]
Choice = dict[str, str]

_CATEGORIES = {
    "operation": "系统操作",
    "person": "人工任务",
    "control": "控制点",
    "decision": "决策表",
}


def templates(names: Names, duties: DutyBook, limits: Mapping[str, str]) -> list[Template]:
    """Every template, sorted by kind and title; ``limits`` are the names that ``limit("…")`` takes."""
    step = _PersonStep(names, duties, limits)
    return [
        *(_operation(own, names) for own in sorted(names.operations)),
        step.template("changling.person", "人工任务（表单、时限、回避）", category="person"),
        *(
            step.template(
                f"changling.control.{control}", f"控制点：{rule.name}", category="control", control=control
            )
            for control, rule in sorted(names.control_rules.items())
        ),
        *(_decision(own, names) for own in sorted(names.decisions)),
    ]


def _operation(own: str, names: Names) -> Template:
    operation = names.operations[own]
    needs = "、".join(sorted(operation.needs)) or "无"
    provides = "、".join(sorted(operation.provides)) or "无"
    before = names.needs.get(own)
    return _template(
        f"changling.operation.{own}",
        operation.title or own,
        category="operation",
        applies_to="bpmn:ServiceTask",
        description=f"{own}。需要：{needs}。产生：{provides}。{before.text if before else ''}",
        properties=[_hidden("camunda:type", "external"), _hidden("camunda:topic", own)],
    )


def _decision(own: str, names: Names) -> Template:
    return _template(
        f"changling.decision.{own}",
        f"决策：{own}",
        category="decision",
        applies_to="bpmn:BusinessRuleTask",
        description=f"产生：{'、'.join(sorted(names.decisions[own])) or '无'}。",
        properties=[
            _hidden("camunda:decisionRef", own),
            _hidden("camunda:mapDecisionResult", "singleResult"),
        ],
    )


class _PersonStep:
    """Draws up templates of user tasks; the choices are the same for all of them."""

    def __init__(self, names: Names, duties: DutyBook, limits: Mapping[str, str]) -> None:
        self._names = names
        self._forms = [_choice(key, key) for key in sorted(names.forms)]
        self._limits = [
            _choice(f"{title}（{key}）", f'${{limit("{key}")}}') for key, title in sorted(limits.items())
        ]
        self._duties = [
            _choice("随所在泳道", ""),
            *(_choice(duty.lane, duty.id) for duty in duties.duties.values()),
        ]

    def template(self, own: str, title: str, *, category: str, control: str = "") -> Template:
        """One template of a user task; with a control the duty is the control's."""
        rule = self._names.control_rules.get(control)
        properties: list[Template] = [
            _dropdown("表单", "camunda:formKey", self._forms, "办理时填写的表单（forms/）。"),
            _dropdown(
                "办理时限",
                "camunda:dueDate",
                self._limits,
                "从任务产生之日起算，见 policy/time-limits.yaml。",
            ),
        ]
        if rule is None:
            properties.append(
                _dropdown("岗位", "camunda:candidateGroups", self._duties, "空着就是泳道的岗位。")
            )
        else:
            properties += [
                _hidden("camunda:candidateGroups", rule.duty),
                {"type": "Hidden", "value": control, "binding": _extension("control")},
            ]
        properties.append(
            {
                "label": "同案回避：须与这些环节不同人",
                "description": "环节编号，用逗号隔开；办过其中任何一个环节的人不能办本环节。",
                "type": "String",
                "binding": _extension("different_person_from"),
            }
        )
        properties += self._ways_back(control)
        return _template(
            own,
            title,
            category=category,
            applies_to="bpmn:UserTask",
            description=f"通过条件：{rule.passed_when}" if rule else "由人办理的环节。",
            properties=properties,
        )

    def _ways_back(self, control: str) -> list[Template]:
        """How the case may be sent back from here; bulk only where no payment and no closing hangs on the step."""
        sent_back: Template = {
            "label": "退回方式",
            "description": "改好后：逐步重办，或直接送回退回的人（中间不能有控制点）；或者不许退回。",
            "type": "Dropdown",
            "choices": [
                _choice("逐步重办", "redo"),
                _choice("直接送回", "resume"),
                _choice("不能退回", "no"),
            ],
            "value": "redo",
            "binding": _extension("send_back"),
        }
        needed = {each for need in self._names.needs.values() for each in need.controls}
        if control in needed:
            return [sent_back]
        bulk: Template = {
            "label": "可以批量办结",
            "type": "Dropdown",
            "choices": [_choice("否", "no"), _choice("是", "yes")],
            "value": "no",
            "binding": _extension("bulk"),
        }
        return [sent_back, bulk]


def _template(
    own: str, title: str, *, category: str, applies_to: str, description: str, properties: list[Template]
) -> Template:
    return {
        "name": title,
        "id": own,
        "description": description,
        "category": {"id": category, "name": _CATEGORIES[category]},
        "appliesTo": [applies_to],
        "properties": properties,
    }


def _hidden(attribute: str, value: str) -> Template:
    return {"type": "Hidden", "value": value, "binding": {"type": "property", "name": attribute}}


def _dropdown(label: str, attribute: str, choices: list[Choice], description: str) -> Template:
    return {
        "label": label,
        "description": description,
        "type": "Dropdown",
        "choices": choices,
        "binding": {"type": "property", "name": attribute},
    }


def _extension(name: str) -> Choice:
    return {"type": "camunda:property", "name": name}


def _choice(name: str, value: str) -> Choice:
    return {"name": name, "value": value}

"""What a diagram drawn with another tool holds that this office does not read, in plain words.

Nothing is taken out of the file: what is not read stays in it and does nothing here. What would make the process
run otherwise elsewhere than here is told apart (``changes``), because then leaving it unread is no harm only
once somebody has redrawn it. Called by the studio when a file comes in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lxml import etree

from engine.workflow.vocabulary import ALIASES, BPMN, line_of
from engine.workflow.xml_file import read_xml

KEPT = "保留在文件里，不起作用"
_ZEEBE = "http://camunda.org/schema/zeebe/1.0"
_XML = ("http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/XML/1998/namespace")
_DRAWING = "http://www.omg.org/spec/"
#: whose namespace it is, by a part of its name
_PRODUCTS = (
    ("signavio", "Signavio"),
    ("trisotech", "Trisotech"),
    ("boc-group", "ADONIS"),
    ("itp-commerce", "Process Modeler"),
    ("w4.eu", "W4"),
    ("bpmn.io", "bpmn.io"),
    ("zeebe", "Camunda 8"),
    ("camunda", "Camunda"),
    ("operaton", "Operaton"),
    ("flowable", "Flowable"),
    ("activiti", "Activiti"),
    ("bizagi", "Bizagi"),
    ("color", "着色"),
    ("i18n", "多语言"),
)
#: attributes of Camunda's kin that the office reads; ``facts`` and ``wording`` do
_READ = frozenset(
    {"formKey", "formRef", "dueDate", "candidateGroups", "type", "topic", "decisionRef", "mapDecisionResult"}
    | {"resultVariable", "collection", "elementVariable"}
)
_READ_ELEMENTS = frozenset({"properties", "property", "inputOutput", "inputParameter"})
_CODE = "程序代码不能运行，请改成目录中的操作"
_MAPPING = "案件数据整体带入带出，不逐项映射"
#: what would make the process run otherwise
_CHANGES: Mapping[str, str] = MappingProxyType(
    {
        "class": _CODE,
        "expression": _CODE,
        "delegateExpression": _CODE,
        "resource": _CODE,
        "executionListener": "监听器不执行，要做的事请画成步骤",
        "taskListener": "监听器不执行，要做的事请画成步骤",
        "eventListener": "监听器不执行，要做的事请画成步骤",
        "connector": "连接器不执行，请改成目录中的操作",
        "field": "注入给程序代码的字段，程序代码不能运行",
        "formData": "内嵌表单不显示，请改用 forms/ 下的表单",
        "formProperty": "内嵌表单不显示，请改用 forms/ 下的表单",
        "outputParameter": _MAPPING,
        "in": _MAPPING,
        "out": _MAPPING,
        "variableMappingClass": _MAPPING,
        "variableMappingDelegateExpression": _MAPPING,
        "errorEventDefinition": "外部任务的出错条件不判断",
        "caseRef": "案例（CMMN）不能调用",
        "ioMapping": _MAPPING,
        "taskDefinition": "任务类型不认识，请写成目录中的操作（camunda:topic）",
        "formDefinition": "表单不采用，请写 camunda:formKey",
        "calledElement": "被调用的流程不采用，请写 calledElement 属性",
        "calledDecision": "决策不采用，请写 camunda:decisionRef",
        "subscription": "消息的配对依据不采用，请写属性 correlate",
        "loopCharacteristics": "多实例的列表不采用，请写 camunda:collection",
        "script": "脚本表达式不采用",
        "skipExpression": "跳过条件不判断，请画成网关",
    }
)
#: what changes nothing here, in words
_HARMLESS: Mapping[str, str] = MappingProxyType(
    {
        "async": "异步执行：本系统每步一个事务，无需标注",
        "asyncBefore": "异步执行：本系统每步一个事务，无需标注",
        "asyncAfter": "异步执行：本系统每步一个事务，无需标注",
        "exclusive": "并发控制：本系统一案一步，无需标注",
        "failedJobRetryTimeCycle": "重试节奏：本系统统一按异常处理规则重试",
        "jobPriority": "执行优先级",
        "taskPriority": "执行优先级",
        "priority": "任务优先级",
        "historyTimeToLive": "历史保存期：本系统依档案规定保存",
        "tenantId": "多租户：本系统按地区划分",
        "decisionRefTenantId": "多租户：本系统按地区划分",
        "calledElementTenantId": "多租户：本系统按地区划分",
        "versionTag": "版本标签：本系统自己编号",
        "decisionRefBinding": "决策版本绑定：随流程版本固定",
        "decisionRefVersion": "决策版本绑定：随流程版本固定",
        "calledElementBinding": "流程版本绑定：随流程版本固定",
        "calledElementVersion": "流程版本绑定：随流程版本固定",
        "formRefBinding": "表单版本绑定：随流程版本固定",
        "formRefVersion": "表单版本绑定：随流程版本固定",
        "assignee": "指定的办理人：任务派给岗位，由岗位上的人领取",
        "assignmentDefinition": "指定的办理人：任务派给岗位，由岗位上的人领取",
        "candidateUsers": "指定的候选人：任务派给岗位，由岗位上的人领取",
        "candidateStarterUsers": "可发起的人：由岗位决定",
        "candidateStarterGroups": "可发起的人：由岗位决定",
        "isStartableInTasklist": "任务列表设置",
        "followUpDate": "跟进日期",
        "initiator": "发起人变量：谁发起的记在案件上",
        "modelerTemplate": "建模工具的模板",
        "diagramRelationId": "建模工具的标识",
        "executionPlatform": "建模工具的目标平台",
        "executionPlatformVersion": "建模工具的目标平台",
    }
)
#: parts of BPMN itself that are not read
_BPMN_UNREAD: Mapping[str, str] = MappingProxyType(
    {
        "ioSpecification": "数据输入输出说明",
        "dataInputAssociation": "数据关联",
        "dataOutputAssociation": "数据关联",
        "potentialOwner": "候选办理人：任务派给泳道的岗位",
        "humanPerformer": "办理人：任务派给泳道的岗位",
        "performer": "办理人：任务派给泳道的岗位",
        "resourceRole": "办理人：任务派给泳道的岗位",
        "resource": "资源定义",
        "interface": "服务接口定义",
        "itemDefinition": "数据类型定义",
        "auditing": "审计设置：本系统自己留痕",
        "monitoring": "监控设置",
        "correlationSubscription": "消息配对：请写属性 correlate",
        "relationship": "与其他文件的关系",
        "import": "引用的外部文件",
    }
)
#: elements named in one note
_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One kind of thing in the file that is not read, with where it stands."""

    #: as written, e.g. ``camunda:asyncBefore``
    what: str
    #: the sentence for people
    message: str
    #: ids of the elements, each once, in the order of the file; empty ids left out
    elements: tuple[str, ...]
    #: of the first, from 1
    line: int
    #: how often it stands there
    count: int
    #: leaving it unread makes the process run otherwise than drawn
    changes: bool


@dataclass(frozen=True, slots=True)
class _Met:
    what: str
    why: str
    element: str
    line: int
    changes: bool


def import_report(data: bytes) -> tuple[Note, ...]:
    """What of the file is not read, what changes the process first. Raises ReadError for a file that is no XML."""
    grouped: dict[tuple[str, str, bool], list[_Met]] = {}
    for met in _met(read_xml(data).root):
        grouped.setdefault((met.what, met.why, met.changes), []).append(met)
    notes = [_note(what, why, found, changes=changes) for (what, why, changes), found in grouped.items()]
    return tuple(sorted(notes, key=lambda note: (not note.changes, note.line, note.what)))


def _note(what: str, why: str, found: list[_Met], *, changes: bool) -> Note:
    elements = tuple(dict.fromkeys(met.element for met in found if met.element))
    named = "、".join(elements[:_SHOWN]) + (f"等{len(elements)}处" if len(elements) > _SHOWN else "")
    where = f"（{named}）" if elements else ""
    effect = "未重画前不能发布" if changes else KEPT
    return Note(
        what=what,
        message=f"{what}{where}：{why}；{effect}",
        elements=elements,
        line=found[0].line,
        count=len(found),
        changes=changes,
    )


def _met(root: etree._Element) -> Iterator[_Met]:
    """Everything that is not read; what stands inside of what is not read goes with it."""
    waiting: list[tuple[etree._Element, str]] = [(root, "")]
    while waiting:
        node, around = waiting.pop()
        namespace, local = _split(node.tag)
        drawn = namespace == BPMN and local not in _BPMN_UNREAD
        own = str(node.get("id") or around) if drawn else around
        yield from _attributes(node, namespace, own)
        met = _element(node, namespace, local, own)
        if met is not None:
            yield met
        if met is None:
            waiting.extend((child, own) for child in reversed(node) if isinstance(child.tag, str))


def _element(node: etree._Element, namespace: str, local: str, own: str) -> _Met | None:
    line = line_of(node)
    if namespace == BPMN:
        return _Met(local, _BPMN_UNREAD[local], own, line, False) if local in _BPMN_UNREAD else None
    if namespace.startswith(_DRAWING):
        return None
    if namespace in (*ALIASES, _ZEEBE):
        if namespace != _ZEEBE and local in _READ_ELEMENTS:
            return None
        # all data handed over as they are, which is what the office does
        whole = local in ("in", "out") and (node.get("variables") == "all" or node.get("businessKey"))
        return None if whole else _judged(namespace, local, own, line)
    return _Met(f"{_product(namespace)}的扩展", "其他工具的说明信息", own, line, False)


def _attributes(node: etree._Element, namespace: str, own: str) -> Iterator[_Met]:
    line = line_of(node)
    for full, value in node.attrib.items():
        space, local = _split(str(full))
        if namespace == BPMN and local in ("startQuantity", "completionQuantity") and str(value) != "1":
            yield _Met(local, "令牌数量不是1，本系统每步只走一次", own, line, True)
        if not space or space in _XML:
            continue
        if space in (*ALIASES, _ZEEBE):
            if space == _ZEEBE or local not in _READ:
                yield _judged(space, local, own, line)
        else:
            yield _Met(f"{_product(space)}的扩展", "其他工具的说明信息", own, line, False)


def _judged(namespace: str, local: str, own: str, line: int) -> _Met:
    what = f"{_product(namespace)} {local}"
    if local in _CHANGES:
        return _Met(what, _CHANGES[local], own, line, True)
    return _Met(what, _HARMLESS.get(local, "本系统不使用"), own, line, False)


def _split(tag: object) -> tuple[str, str]:
    namespace, _, local = str(tag).removeprefix("{").rpartition("}")
    return namespace, local


def _product(namespace: str) -> str:
    return next((name for part, name in _PRODUCTS if part in namespace.lower()), f"“{namespace[:60]}”")

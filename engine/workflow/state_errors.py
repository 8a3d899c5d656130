"""What can be wrong with the stored state of a case. Raised by the codec; the runner shows it."""

from __future__ import annotations


class StateError(Exception):
    """案件状态无法保存或读取。"""

    retryable = False

    def __init__(self, text: str, *, text_en: str, process: str = "", element: str = "") -> None:
        super().__init__(text)
        #: the same sentence in English
        self.text_en = text_en
        #: id of the process; empty where the bytes could not be read that far
        self.process = process
        #: id of the element in the diagram; empty where the whole case is meant
        self.element = element


class UnknownFormatError(StateError):
    """状态由另一版本的程序保存。"""

    def __init__(self, *, version: int) -> None:
        super().__init__(
            f"案件状态的存储格式（{version}）本程序不认识；请使用保存它的程序版本或更新的版本打开。",
            text_en=f"The state has storage format {version}, unknown here; open it with the version that saved it, or a newer one.",
        )
        self.version = version


class UnreadableStateError(StateError):
    """状态字节损坏。"""

    def __init__(self, *, size: int) -> None:
        super().__init__(
            f"案件状态已损坏（{size} 字节），无法读取；请从备份恢复该案件。",
            text_en=f"The state is damaged ({size} bytes) and cannot be read; restore the case from a backup.",
        )
        self.size = size


class MissingNodeError(StateError):
    """流程图里已没有案件所在的环节。"""

    def __init__(self, *, process: str, node: str) -> None:
        super().__init__(
            f"流程“{process}”中已没有案件所需的环节“{node}”；请用案件原来的流程版本打开，或先迁移案件。",
            text_en=f"Process {process!r} no longer has the element {node!r} that the case needs; open the case with its own version of the diagram, or migrate it first.",
            process=process,
            element=node,
        )


class UnstorableValueError(StateError):
    """案件数据中有无法保存的值。"""

    def __init__(self, *, process: str, element: str, key: str, kind: str) -> None:
        super().__init__(
            f"流程“{process}”环节“{element}”的数据项“{key}”无法保存（{kind}）；案件数据只能是文本、整数、有限小数、真假、空值及其列表和对象。",
            text_en=f"Value {key!r} at element {element!r} of process {process!r} cannot be stored ({kind}); case data is plain JSON only.",
            process=process,
            element=element,
        )
        #: path of the value: ``form.items[3]``
        self.key = key
        #: what was found there, a Python type name; never the value itself, which may be personal
        self.kind = kind


class UndrainedEventsError(StateError):
    """流程发出的消息尚未取走。"""

    def __init__(self, *, process: str, names: tuple[str, ...]) -> None:
        super().__init__(
            f"流程“{process}”发出的消息尚未取走：{'、'.join(names)}；保存状态前须先取走并写入发件箱，否则会丢失。",
            text_en=f"Process {process!r} has sent events that nobody took: {', '.join(names)}; take them with get_events() before storing the state, or they are lost.",
            process=process,
        )
        self.names = names


class TooDeepError(StateError):
    """案件的步骤链过长。"""

    def __init__(self, *, process: str, element: str, depth: int) -> None:
        super().__init__(
            f"流程“{process}”环节“{element}”之前累计 {depth} 步未能清理，再运行将看不到该环节；请检查图中是否在循环上放置了并行或包容汇合网关。",
            text_en=f"Element {element!r} of process {process!r} stands {depth} steps deep and would soon be lost from sight; look for a parallel or inclusive join that lies on a loop.",
            process=process,
            element=element,
        )
        self.depth = depth

"""The one failure that every register of others may answer with."""

from __future__ import annotations


class RegisterDown(Exception):
    """对方系统暂时没有回答；稍后自动重试，不要按「没有记录」处理。"""

    retryable = True

    def __init__(self, register: str) -> None:
        #: which register, e.g. ``contributions``
        self.register = register
        super().__init__(f"{register}：{RegisterDown.__doc__}")

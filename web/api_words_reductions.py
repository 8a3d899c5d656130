"""What the fields about reduction reports are called in the API; see ``api_words``."""

from __future__ import annotations

REDUCTION_WORDS = """
corrected_field|更正哪一项：离职原因或离职日期|what is corrected: the reason or the last day|reason
corrected_value|正确的原因代码或日期|the right code or day|I07
exit_day|离职日期（最后一天）|last day of the employment|2025-10-31
exit_reason|离职原因代码（I01 至 U99）|code of the reason for leaving (I01 to U99)|I07
notice_given_on|告知书交给职工的日期，可以不填|day on which the notice was given to the worker, may be left out|2025-11-03
report_id|减员申报序号|number of the reduction report
worker_name|职工姓名|name of the worker|孙立业
"""

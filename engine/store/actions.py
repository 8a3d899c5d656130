"""The vocabulary of the audit trail: every action that may stand in ``audit_event.action``.

One page, subject first and the verb in the past; nothing logs a word of its own making.
"""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What happened, with the label that people read."""

    label: str

    def __new__(cls, value: str, label: str) -> Action:
        """The member whose text is the value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    # a case and its steps
    CLAIM_NOTED = "CLAIM_NOTED", "申领登记"
    CASE_STARTED = "CASE_STARTED", "案件发起"
    CASE_FINISHED = "CASE_FINISHED", "案件办结"
    CASE_CANCELLED = "CASE_CANCELLED", "案件撤销"
    CASE_MIGRATED = "CASE_MIGRATED", "案件换版"
    CASE_DATA_CHANGED = "CASE_DATA_CHANGED", "案件数据变更"
    TASK_CLAIMED = "TASK_CLAIMED", "任务签收"
    TASK_RELEASED = "TASK_RELEASED", "任务退还"
    TASK_COMPLETED = "TASK_COMPLETED", "任务办理"
    TASK_SENT_BACK = "TASK_SENT_BACK", "任务退回"
    TASK_WITHDRAWN = "TASK_WITHDRAWN", "任务撤回"
    TASK_HANDED_OVER = "TASK_HANDED_OVER", "任务转办"
    TASK_DELEGATED = "TASK_DELEGATED", "任务委派"
    TASK_GIVEN_BACK = "TASK_GIVEN_BACK", "委派交回"
    TASK_SIGNER_ADDED = "TASK_SIGNER_ADDED", "任务加签"
    TASK_SIGNER_REMOVED = "TASK_SIGNER_REMOVED", "任务减签"
    TASK_SIGNED = "TASK_SIGNED", "加签意见"
    TASK_COMPLETION_HELD = "TASK_COMPLETION_HELD", "任务提交待加签"
    TASK_COMPLETION_RETURNED = "TASK_COMPLETION_RETURNED", "提交退回办理人"
    TASK_URGED = "TASK_URGED", "任务催办"
    TASK_ESCALATED = "TASK_ESCALATED", "任务超时升级"
    CASE_COPIED = "CASE_COPIED", "案件抄送"
    CASE_COPY_READ = "CASE_COPY_READ", "抄送已阅"
    CASE_PAUSED = "CASE_PAUSED", "案件挂起"
    CASE_RESUMED = "CASE_RESUMED", "案件恢复"
    STEP_RUN = "STEP_RUN", "系统步骤执行"
    STEP_FAILED = "STEP_FAILED", "系统步骤失败"
    STEP_RETRIED = "STEP_RETRIED", "系统步骤重试"
    MESSAGE_SENT = "MESSAGE_SENT", "消息发出"
    MESSAGE_RECEIVED = "MESSAGE_RECEIVED", "消息收到"
    TIMER_FIRED = "TIMER_FIRED", "时限到达"
    ACTION_REFUSED = "ACTION_REFUSED", "操作被拒绝"
    # the papers of a case
    ATTACHMENT_ADDED = "ATTACHMENT_ADDED", "材料收入"
    ATTACHMENT_OPENED = "ATTACHMENT_OPENED", "材料查看"
    ATTACHMENT_SCANNED = "ATTACHMENT_SCANNED", "材料病毒扫描"
    ATTACHMENT_REMOVED = "ATTACHMENT_REMOVED", "材料移出"
    PAPER_PRINTED = "PAPER_PRINTED", "文书打印"
    # determinations and benefits
    ENTITLEMENT_DETERMINED = "ENTITLEMENT_DETERMINED", "待遇核定"
    GRANT_CREATED = "GRANT_CREATED", "待遇建立"
    GRANT_SUSPENDED = "GRANT_SUSPENDED", "待遇暂停"
    GRANT_RESUMED = "GRANT_RESUMED", "待遇恢复"
    GRANT_CEASED = "GRANT_CEASED", "待遇终止"
    GRANT_EXTENDED = "GRANT_EXTENDED", "待遇续发"
    NOTICE_SENT = "NOTICE_SENT", "告知书发出"
    # persons, duties, access
    PERSON_LOOKED_AT = "PERSON_LOOKED_AT", "查看个人档案"
    PERSON_CHANGED = "PERSON_CHANGED", "个人信息变更"
    STAFF_ADDED = "STAFF_ADDED", "人员新增"
    STAFF_CHANGED = "STAFF_CHANGED", "人员变更"
    POST_ASSIGNED = "POST_ASSIGNED", "岗位授予"
    POST_ENDED = "POST_ENDED", "岗位收回"
    AGENCY_MADE = "AGENCY_MADE", "委托代理"
    AGENCY_ENDED = "AGENCY_ENDED", "委托代理终止"
    PHRASE_KEPT = "PHRASE_KEPT", "常用语保存"
    PHRASE_DROPPED = "PHRASE_DROPPED", "常用语删除"
    VIEW_KEPT = "VIEW_KEPT", "工作列表视图保存"
    VIEW_DROPPED = "VIEW_DROPPED", "工作列表视图删除"
    LIST_EXPORTED = "LIST_EXPORTED", "工作列表导出"
    STAFF_SIGNED_IN = "STAFF_SIGNED_IN", "登录"
    SIGN_IN_REFUSED = "SIGN_IN_REFUSED", "登录被拒绝"
    CHANGE_REQUESTED = "CHANGE_REQUESTED", "数据变更申请"
    CHANGE_APPROVED = "CHANGE_APPROVED", "数据变更批准"
    CHANGE_REJECTED = "CHANGE_REJECTED", "数据变更未予批准"
    CHANGE_APPLIED = "CHANGE_APPLIED", "数据变更执行"
    # procedures and figures
    DIAGRAM_PUBLISHED = "DIAGRAM_PUBLISHED", "流程图发布"
    DIAGRAM_ROLLED_BACK = "DIAGRAM_ROLLED_BACK", "流程图回退"
    LIBRARY_CHANGE_OPENED = "LIBRARY_CHANGE_OPENED", "流程变更单开始修改"
    LIBRARY_CHANGE_HANDED_IN = "LIBRARY_CHANGE_HANDED_IN", "流程变更单待演练提交"
    LIBRARY_CHANGE_SUBMITTED = "LIBRARY_CHANGE_SUBMITTED", "流程变更单提交"
    LIBRARY_CHANGE_REJECTED = "LIBRARY_CHANGE_REJECTED", "流程变更单退回"
    LIBRARY_CHANGE_WITHDRAWN = "LIBRARY_CHANGE_WITHDRAWN", "流程变更单作废"
    MOVE_STARTED = "MOVE_STARTED", "换版作业发起"
    MOVE_TAKEN_BACK = "MOVE_TAKEN_BACK", "换版作业撤回"
    LIBRARY_REHEARSAL_STARTED = "LIBRARY_REHEARSAL_STARTED", "流程变更单演练开始"
    LIBRARY_REHEARSAL_ENDED = "LIBRARY_REHEARSAL_ENDED", "流程变更单演练结束"
    POLICY_CHANGED = "POLICY_CHANGED", "政策参数变更"
    # money
    ACCOUNT_SET_UP = "ACCOUNT_SET_UP", "会计科目设置"
    ENTRY_POSTED = "ENTRY_POSTED", "记账凭证入账"
    ENTRY_REVERSED = "ENTRY_REVERSED", "记账凭证冲销"
    ORDER_CREATED = "ORDER_CREATED", "支付单生成"
    ACCOUNT_CORRECTED = "ACCOUNT_CORRECTED", "收款账户更正"
    ORDER_HELD = "ORDER_HELD", "支付单暂缓"
    ORDER_FREED = "ORDER_FREED", "支付单解除暂缓"
    ORDER_REQUEUED = "ORDER_REQUEUED", "支付单重新排队"
    ORDER_CANCELLED = "ORDER_CANCELLED", "支付单撤销"
    BATCH_PREPARED = "BATCH_PREPARED", "支付批次编制"
    BATCH_SAMPLED = "BATCH_SAMPLED", "支付批次抽检"
    BATCH_CERTIFIED = "BATCH_CERTIFIED", "支付批次会计签证"
    BATCH_RELEASED = "BATCH_RELEASED", "支付批次出纳放款"
    BATCH_ANSWERED = "BATCH_ANSWERED", "支付批次回盘"
    BATCH_DISSOLVED = "BATCH_DISSOLVED", "支付批次撤回"
    BATCH_CLOSED = "BATCH_CLOSED", "支付批次结案"
    RECEIPT_BOOKED = "RECEIPT_BOOKED", "银行回盘入账"
    RECEIPT_REFUSED = "RECEIPT_REFUSED", "银行回盘不予入账"
    DIFFERENCE_FOUND = "DIFFERENCE_FOUND", "对账差异"
    DIFFERENCE_SETTLED = "DIFFERENCE_SETTLED", "对账差异销号"
    # oversight
    HIT_FOUND = "HIT_FOUND", "比对命中"
    HIT_SETTLED = "HIT_SETTLED", "比对命中核实"
    SAMPLE_DRAWN = "SAMPLE_DRAWN", "抽检抽取"
    SAMPLE_JUDGED = "SAMPLE_JUDGED", "抽检结论"
    INCIDENT_RAISED = "INCIDENT_RAISED", "基金要情上报"
    FINDING_ISSUED = "FINDING_ISSUED", "整改问题下达"
    FINDING_CLOSED = "FINDING_CLOSED", "整改问题销号"
    RECOVERY_OPENED = "RECOVERY_OPENED", "追回立案"
    RECOVERY_BOOKED = "RECOVERY_BOOKED", "追回入账"
    DISHONESTY_LISTED = "DISHONESTY_LISTED", "列入失信名单"

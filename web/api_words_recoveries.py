"""What the fields about recoveries, the register of dishonesty, and reports about workers are called in the API; see ``api_words``."""

from __future__ import annotations

RECOVERY_WORDS = """
ages|按时间长短|by age
agrees|是否同意职工所说|whether the employer agrees
back|已退回（元）|what came back, yuan
behind|落后于计划（元）|behind its plan, yuan
broken|计划已失约|the plan is broken
claimed|职工所说的原因|the reason that the worker says it was
claimed_reason|职工所说的原因代码，可以不填|code of the reason that the worker says it was, may be left out|I07
corrections|更正|corrections
decided_on|决定日期|day of the decision
decided_why|决定理由|why it was decided so
deliveries|送达|deliveries
employee|职工|worker
employer|单位|employer
employer_agrees|单位是否同意，未答复为空|whether the employer agrees; empty while it has not answered
employer_answer_by|单位答复期限|last day for the employer's answer
employer_statement|单位的说明|what the employer says
fraud|是否骗取|whether it was fraud
given_on|告知书交付日期|day on which the notice was handed over
grant_id|待遇编号|number of the grant
intentional|是否故意|whether it was on purpose
judged_at|判定时间|when it was judged
judged_by|判定人|who judged it
judged_why|判定理由|why it was judged so
layoff|是否计入裁员|whether it counts as a layoff
listing_id|失信记录编号|number of the entry
made_at|提出时间|when it was made
may_remove|可否移出|may be removed by the caller
meaning|对待遇的影响|what it means for benefit
next_due|下一期应还日期|day of the next part
notice_day|告知书交给职工的日期|day on which the notice was handed over|2025-11-03
overpayment_id|追回编号|number of the recovery
plan|还款计划，或收入的工作计划|plan of repayment, or the work plan taken in
publish_until|公布截止日期（不含）|first day on which it is published no more
reason_name|离职原因名称|name of the reason
receipt|送达凭证|proof of delivery
recorded_by|登记人|who recorded it
reduction_list|哪张清单|which list|all
reference|银行流水号|reference of the bank|20251103000017
referred_on|移送日期|day of the referral
referred_to|移送给|to whom it was referred
removed_on|移出日期|day of the removal
repayments|退款|repayments
reported_on|申报日期|day of the report
reviewed_by|复核人|who reviewed it
rule_name|规则名称|name of the rule
statement|实际情况的说明|how it was, in their words|我没有提出辞职，是单位通知我不再上班
way_name|退回途径|how it came back
write_off_id|核销编号|number of the write-off
write_off_rule|核销规则：small 小额、death 死亡|small or death|small
write_offs|核销|write-offs
written_off|已核销（元）|written off, yuan
"""

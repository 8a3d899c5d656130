"""What the fields about refunds, their screenings and campaigns are called in the API; see ``api_words``."""

from __future__ import annotations

REFUND_WORDS = """
account_masked|收款账户（只显示头尾）|account, masked
answer|答复|what was answered
apply|须自行申请的户数|employers that must apply themselves
by_industry|按行业|by industry
by_region|按地区|by region
by_size|按规模|by size
by_status|按状态|by status
campaign|返还活动|the campaign
campaign_id|返还活动编号|number of the campaign
campaigns|返还活动|campaigns
closed_at|结束时间|when it was closed
commit_soon|七天内须交承诺书的单位|employers whose commitment is due within seven days
commit_soon_count|七天内须交承诺书的户数|how many commitments are due within seven days
commitment_until|承诺截止日期|last day for the commitment
committed_on|承诺日期|day of the commitment
condition|条件|condition|layoff
conditions|各条件|conditions
confirm_soon|七天内须确认的单位|employers that must confirm within seven days
confirm_soon_count|七天内须确认的户数|how many must confirm within seven days
confirm_until|确认截止日期|last day to confirm
confirmed_on|确认日期|day on which it was confirmed
counts|各阶段户数|how many stand where
days_left|还剩的天数，过期为负|calendar days left, negative when over
eligible|符合条件的户数|eligible employers
employer_name|单位名称|name of the employer
employers|单位户数|employers
expected|预计返还（元）|what was found eligible, yuan|37621787.30
funnel|走到各步的户数|how many came as far as each step
gap|无规定不能认定的户数|employers for whom a rule is missing
industries|按行业|by industry
industry|行业门类（GB/T 4754，A 至 T）|section of GB/T 4754, A to T|C
industry_name|行业名称|name of the industry|制造业
industry_name_en|行业英文名称|name of the industry in English|Manufacturing
is_open|是否还可以提出异议|objections may still be made
kind_name_en|种类英文名称|name of the kind in English
lapsed_on|逾期失效日期|day on which it lapsed
late_entrant|是否滚动纳入（筛选时：yes）|joined after the first screening; as a filter: yes|yes
layoff_rate|裁员率|layoff rate|5.50%
line_id|公示行编号|number of the line of a notice
look_name|抽查结论|result of the look in words
look_name_en|抽查结论英文|result of the look in English
look_note|抽查所见|what was seen
look_result|抽查结论：right 属实、wrong 不实|right or wrong|right
looked_by|抽查人|who looked
looked_on|抽查日期|day of the look
may_close|可否结束|may be closed by the caller
may_look|可否记录抽查|the caller may write a look down
may_tell_uses|可否填报用途|the caller may tell the uses
mode|方式：disburse 实际拨付、prepay 预拨后清算|disburse or prepay|disburse
mode_name|方式名称|name of the way of paying
mode_name_en|方式英文名称|name of the way of paying in English
no|不符合条件的户数|employers that are not eligible
notice_until|公示截止日期|last day of the notice
noticed_on|公示日期|day of the notice
notices|各次公示|public notices
objection|公示有异议（yes）|yes: with an open objection
objection_id|异议编号|number of the objection
objections|收到的异议|objections received
objections_open|未答复的异议数|objections that are not answered
opened|已开案的户数|cases opened
ordered_on|开付款单日期|day of the payment order
outcomes|按结论和规模|by outcome and size
paid_out|银行已付（元）|paid by the bank, yuan|86400.00
passed_on|其中转拨用工单位（元）|of it for the user firms, yuan|0.00
prepaid|预拨金额（元）|prepaid, yuan|50000.00
prepaid_on|预拨日期|day of the prepayment
published_on|公示或公布日期|day of publication
pushed_on|推送日期|day on which the employer was told
recovered|已追回（元）|what came back, yuan|0.00
refund|返还|the refund
refund_id|返还编号|number of the refund
refunds|返还户数|how many refunds
said|异议内容|what was said
screened|筛查户数，或最初筛查金额（元）|employers screened, or yuan as first found
settled|清算应返还（元），未清算为空|due by settlement, yuan; empty before|51259.26
settled_on|清算日期|day of the settlement
settlement_case_id|清算案件编号|number of the settlement case
size_name|规模名称|name of the size|小型
size_name_en|规模英文名称|name of the size in English|Small
soon|七天内到期：confirm 须确认、commit 须承诺|due within seven days: confirm or commit|confirm
stage|阶段|stage|waiting
status_name_en|状态英文名称|name of the status in English
tally|户数与金额|how many and how much
to_recover|应追回（元）|to come back, yuan|2000.00
topped|清算补付（元）|topped up, yuan|1259.26
use|用途代码|word of the use|insurance
uses|资金用途|uses of the money
uses_told_on|填报用途日期|day on which the uses were told
"""

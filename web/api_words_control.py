"""What the fields about internal control: rules, flags, samples, looks, data changes, fund incidents are called in the API; see ``api_words``."""

from __future__ import annotations

CONTROL_WORDS = """
change_status|数据修改的状态|state of the change|requested
changed_field|修改哪一项|which field is changed|person_phone
changed_number|公民身份号码、统一社会信用代码或待遇编号|identity number, credit code or number of a grant|370000199001010011
changed_value|改为|what it becomes|13800138000
chinese|中文名|Chinese name
closed_by|办结人|who closed it
closes|办结|closes it
contact|联系人和电话|whom to reach|郑内 0635-8888888
draw|抽检|the draw
draw_id|抽检编号|number of the draw
drawn|抽出件数|how many were drawn
drawn_again|按种子再抽一次，以便核对|draw once more from the seed, to compare
drawn_at|抽取时间|when it was drawn
drawn_by|抽取人|who drew it
drawn_from|抽检范围（见 choices）|what is drawn from, see choices|month:benefit
draws|各次抽检|draws
field_english|英文名称|name in English
field_name|哪一项|which field
figures|规则可用的标准|figures that rules may name
filed|已立案|a case was filed
flag_after|上一页最后一条疑点的编号，0 为第一页|number of the last flag on the page before; 0 for the first page|0
flag_id|疑点编号|number of the flag
flag_status|疑点状态|state of the flag|open
flagged|命中人数|how many were flagged
flags|疑点数|flags
follow_ups|续报|later reports
found_by|如何发现|how it was found|sample
found_in_recheck|由哪次复查发现，可以不填|number of the re-check that found it, may be left out|17
found_on|发现日期|day on which it was found|2025-11-03
grave|情节严重|grave
high_risk|高风险（件数）|of high risk, or how many
hint|填写说明|what is to be typed
hint_english|英文填写说明|what is to be typed, in English
incident_account|事情经过|what happened|抽检发现一人冒领八个月，已停发并立案。
is_key|关键信息（须负责人决定）|a leader decides
is_secret|加密保存|kept encrypted
kept|当时抽出的各件|what was drawn then
level|级别|level|high
looks|查阅次数|how many looks
many|不少于提示数|at or above the figure
may_approve|可否使其生效|the caller may put it in force
may_ask|可否申请|the caller may ask
may_draw|可否抽取|the caller may draw
may_follow_up|可否续报|the caller may add a later report
may_withdraw|可否撤回|the caller may take it back
may_write|可否起草|the caller may write
of_name|抽检范围|what was drawn from
outside|本人没有办过其案件（人数）|about whom they had no case, or how many
payees|领取待遇人数|people who are paid
people|被查阅人数|people looked at
person_id|人员编号|number of the person
population|总体件数|how many there were to draw from
record|记录种类|kind of record|person
record_name|记录种类名称|kind of record in words
report_text|续报内容|what is known now|已追回全部款项。
reported_at|上报时间|when it was reported
requested_at|申请时间|when it was asked for
requested_by|申请人|who asked for it
right|复查无误件数|how many were right
rule|规则编号|id of the rule|shared_account
rule_condition|规则的条件|condition of the rule|account_shared_by > 1
rule_english|规则英文名称|name of the rule in English|Two or more on one account
rule_id|规则版本编号|number of the version of the rule
rule_title|规则名称|name of the rule|两人以上共用账户
rules|规则|rules
run_at|筛查时间|when it was screened
says|疑点说明|what the flag says|另有 {account_shared_by} 人
seed|随机种子|seed of the draw
stratum|层|stratum
threshold|提示数|figure from which one is marked
tried_at|试算时间|when it was tried
tried_flagged|试算命中人数|how many the trial flagged
tried_payees|试算人数|how many the trial looked at
written|所写的规则|the rule as written
written_at|起草时间|when it was written
written_by|起草人|who wrote it
wrong|复查有误件数|how many were wrong
"""

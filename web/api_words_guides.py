"""What the fields about service guides are called in the API; see ``api_words``."""

from __future__ import annotations

GUIDE_WORDS = """
about|办理事项说明|what the matter is
back_to|回到第几步（从0起）|number of the step where it is back, from 0
body|指南正文|what the diagram, its forms and the letters say
branches|从主线分出的去向|ways that part from the steps
call_back|差评回访时限|how soon whoever rated the office badly is called back
choices|可选的答案|answers to choose from
conditional|只在前面的选择需要时填写|asked only after certain answers
en|英文，没有时为空|in English; empty where nobody has written it
end|到达的结束|end that it comes to
explanation|填写说明|how to fill it in
explanations|办理说明|what is done
for_whom|谁可以办|who may apply
found|找到的文字；或对方的数字（元）|texts that were found, or what the other side says, yuan
hours|办公时间|opening hours
how_to_apply|在哪里、怎样申请|where and how to apply
known|系统已查好、只需核对的内容|what is looked up already and only shown
lane|由谁办理|who does it
limit|时限|time limit
link|网上办理的页面|page on which it begins; empty for none
matter|事项|word of the matter|claim
names|名称|names
needs|申请人要填写的内容|what the applicant enters
not_asked|不得向申请人索要的东西|what nobody may be asked for
objection|异议答复时限|how long an objection takes to be answered
office_days|经办机构各环节时限合计（工作日）|working days of the office's own steps together
phone|电话|telephone|12333
points|服务网点；或曲线上的各月|counters, or months of a line
provisions|办理依据|provisions that it rests on
q|要找的词，以空格分开|words to look for, by spaces|社会保障卡
question|在此处的问题|question that is asked there
review|申请行政复议的期限|time to apply for review by the authority above
street|地址|address
unit|时限单位：workdays 工作日、days 日、told 以通知为准|working days, days, or as a notice says|workdays
whole_limit|全程办结时限|time limit of the whole
withdrawable|可以撤回的环节|steps at which it may be withdrawn
withheld|因索要不得索要的东西而隐去的文字数|texts that are not shown, since they ask what may not be asked
zh|中文|in Chinese|失业保险金申领
"""

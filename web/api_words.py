"""What each field of the API is called: Chinese, English, and an example where the kind alone gives no good one.

One word means one thing wherever it stands; a record with a field that has no words here cannot be described.
"""

from __future__ import annotations

from collections.abc import Iterator

from web.api_words_books import BOOK_WORDS
from web.api_words_control import CONTROL_WORDS
from web.api_words_feedback import FEEDBACK_WORDS
from web.api_words_guides import GUIDE_WORDS
from web.api_words_recoveries import RECOVERY_WORDS
from web.api_words_rectification import RECTIFICATION_WORDS
from web.api_words_reductions import REDUCTION_WORDS
from web.api_words_refunds import REFUND_WORDS
from web.api_words_rosters import ROSTER_WORDS
from web.api_words_transfers import TRANSFER_WORDS
from web.api_words_trials import TRIAL_WORDS

_WORDS = """
accepted|已接受|accepted
active|在职|works here
actor|办理人|who acted|王受理
added|增加的部分|what was added
added_at|上传时间|when it was added
added_by|上传人|who added it
after|变动后；在何环节之后|after the change, or which step it comes after
again|此前已收入；或按种子再抽的结果|had been taken before, or what the seed draws today
agency_id|委托代理编号|number of the agency
ahead|后续可能的环节|what can come next
amount|金额（元，两位小数）|yuan with two decimals|1638.00
amount_from|金额下限（元）|at least, yuan|1000.00
amount_until|金额上限（元）|at most, yuan|2000.00
answer_due|反馈期限（含）|last day to answer, inclusive|2025-11-20
answered|已有结论的行数|lines answered
answered_at|反馈时间|when it was answered
approved_at|批准时间|when it was approved
approved_by|批准人|who approved it
asked|所查条件|what was asked for
asked_at|请求时间|when it was asked
asked_by|请求人|who asked
assignee|承办人，待领取时为空|who has it; empty while nobody has
at|时间|when
attachment_id|材料编号|number of the paper
attachments|材料|papers
attempts|已试次数|times tried
author|作者|author
automatic|系统自动办理|done by the office itself
base|起草时的发布版本号|published version that the draft began from
batch|付款批次|payment batch
became_hit|已转停发核实|led to a stop case
before|变动前；或下一页由此编号之前开始|before the change, or the number from which the next page goes on
below|下级机构|offices below
breach|超期记录|breach on record
bulk|可否批量办结|many may be completed at once
by|办理人|by whom
calendars|所用工作日历|calendars used
can|现在可以办理的操作|what the caller may do now
cannot|不能换版的件数|cases that cannot move
case|案件|case
case_id|案件编号|number of the case|17
case_key|办件编号|what people call the case|SL-2026-000017
cause|原因|cause
change_id|变更单编号|number of the change
changed|变动的部分；文件在变更单中|what was changed, or: the change holds the file
changed_at|变动时间|when it changed
changes|变动|changes
channel|途径（得知、评价、申报或申请）|channel|phone
claim_text|疑点情形|what the list says
claimable|可领|may be claimed
clean|可直接换版的件数|cases that move without notice
cleared|排除的件数|cleared
code|代码（不变的英文词）|stable word for programs|claimed_by_other
completed_at|办结时间|when it was completed
confirmed|属实的件数|confirmed
content|内容（Base64）|content in Base64
control|所履行的控制|control that it fulfilled
copied|抄送我|copied to me
count|数量|count
counts|各状态件数|cases by status
created_at|收到时间|when it came
credit_code|统一社会信用代码|unified social credit code
csrf_token|改动请求须放入请求头 X-CSRFToken|send it as X-CSRFToken with every change
cursor|上一页给出的翻页标记|mark that the page before gave
day|日期|day
days|日期|days
decided_at|决定时间|when it was decided
decided_by|决定人|who decided
delegated|已委派|delegated
deletes|删除该文件|takes the file out
depth|地区层级|depth in the tree of regions
detail|说明|what to do next
diagram|流程图的差异|differences of the diagram
difference|第一处不符|first difference
differences|不符之处|what did not agree
digest|SHA-256 摘要|SHA-256, hex
done|已办；已完成数|done, or how many are
done_at|办理时间|when it was done
done_by|办理人|who did it
done_due|整改完成期限|day by which the work is due
due|到期|due
due_at|到期时间|when it is due
due_from|到期起|due from this day
due_until|到期止（含）|due until this day, inclusive
duties|岗位|duties
duty|岗位代码|duty|intake
duty_name|岗位|name of the duty|受理岗
earlier|先前的版本|earlier ones
edition_id|日历版本编号|number of the edition
element|流程图元素|element of the diagram
element_id|环节代码|id of the step in the diagram|check_intake
elements|流程图元素|elements of the diagram
employer_id|单位编号|number of the employer
ended|已结束|ended
ended_at|结束时间|when it ended
ended_by|结束人|who ended it
ends|到此结束|the case ends there
entered_at|录入时间|when it was entered
entered_by|录入人|who entered it
entries|会计分录|journal entries
errors|须更正之处|what to correct
event_day|情形发生日期，不清楚的为空|day of the event; null where nobody knows|2025-11-02
evidence|证据|evidence
fact|查明的情况|what was found
facts|查明的情况；或规则可用的事实|facts
failed|未办的行；不符合的条件（或各条件的户数）|rows, or conditions, that failed
fields|表单各项|fields of the form
fields_by_name|须更正的字段|messages by field
file|文件|file
file_name|文件名|name of the file
files|文件|files
finding|核查结论代码|finding|true
finding_name|核查结论|name of the finding
finding_note|核查情况|what was found out
finished_at|完成时间|when it was finished
first_day|第一天|first day
flows|已走过的连线|flows that were taken
for_all|供全体使用|for everybody
forbidden|不得办理的理由|why the caller may not do it
forms|已填表单|forms as filled in
found_at|发现时间|when it was found
found_true|属实的行数|lines found true
from_number|原版本号|number of the version before
from_region|原参保地区代码|region left|371502
from_version_id|原版本编号|version to move from
gaps|缺少依据、因此未办的事项|figures not on file, and what was therefore not done
ground|停发情形代码|ground to stop|ST1
ground_name|停发情形|name of the ground|重新就业
hands|经手人|who had a hand in it
head|名单|the list
held_at|提交待后加签的时间|since when it waits for those who sign after
hidden|无权查看的件数|how many the caller may not see
history|办理经过|what happened
hit_id|线索编号|number of the lead
hold|暂缓人数|how many are held
holder|承办人|who has it
holidays|放假，每行一段|days off, a span on each line|2026-01-01..2026-01-03 元旦
id|代码|id
id_number|公民身份号码|identity number
in_changes|所在变更单|changes that hold it
incident_id|异常编号|number of the incident
incidents|异常|incidents
job_id|换版作业编号|number of the move
key|代码|key
kind|种类|kind
label|名称|label
last_day|最后一天（含）|last day, inclusive
late_on_receipt|收到时已过期|late when it came
leaver|离职人登录名|login of who leaves|wangshouli
letters|文书|letters
light|时限灯：overdue 超期、soon 将到期、calm 正常、none 无时限、gap 缺日历|deadline light
limits|期限|time limits
line|行号|line
line_count|行数|number of lines
line_no|行号|number of the line
lines|明细，或行数|lines, or how many
list|清单|list|todo
list_id|名单编号|number of the list
login|登录名|login|wangshouli
made_by|设立人|who made it
marks|元素的状态|marks by element
may_attach|可否上传材料|papers may be added
may_end|可否终止|the caller may end it
may_enter|可否录入|the caller may enter
media_type|文件类型|media type
message|结果|what was done
mine|自己的|one's own
minutes|分钟|minutes
mistakes|不能照查的条件|conditions that could not be followed
money|资金|money
month|月份|month|2025-11
more|超过所计总数|there are more than were counted
moved|移动过的元素|moved on the picture
n|件数|how many
months|月数|how many months
name|名称|name
name_en|英文名称|name in English
new|新版本号|number of the new version|2
next_after|下一页起点，0 为末页|where the next page begins; 0 on the last
next_cursor|下一页标记，末页为空|mark of the next page; empty on the last
note|附言或摘要|note
notes|提示|notes
notice|须知后换版的件数|cases that move with notice
number|号码|number
ok|可以发布|may be published
old|旧版本号|number of the old version|1
on_behalf_of|被代理人|whose substitute acted
on_file|已有日历|the year is on file
open|未结的件数或金额|open: how many, or yuan
opened_at|开立时间|when it was opened
opens|可打开的页面|which page the caller may open
opinion|意见：agree 同意、disagree 不同意|opinion|agree
options|可选项|options
order|次序：asc、desc|order|asc
orders|付款指令|payment orders
origin_name|线索来源|where it comes from
outcome|结果|outcome
outcome_name|决定|decision
outcome_name_en|决定（英文）|decision in English
overdue|超期|overdue
own|自己的|one's own
owner|委派人或所有人|who delegated or owns it
page|本页|this page
paid|付讫金额（元）|paid, yuan
paid_count|付讫笔数|payments made
papers|文书与表单|papers that can be printed
parameter|所用参数|parameter of policy
parts|各部分|parts
password|密码|password
path|途经|way there
paused|已挂起|paused
paused_at|挂起时间|since when it is paused
pauses|挂起记录|pauses
pay|应发人数|how many are paid
payee|收款人|payee
percent|完成百分比|percent done
deaths_unclaimed|遗属尚未申领的死亡人数|deaths whose family has been granted nothing yet
person|人员（号码只显示首尾）|person, number masked
phrase_id|常用语编号|number of the phrase
place|加签位置：before 前、after 后|before or after completion|before
plan_due|整改方案期限|day by which the plan is due
postings|分录明细|postings
posts|任职|posts
previous_cursor|上一页标记，首页为空|mark of the page before; empty on the first
price_reasons|价格临时补贴发或不发的理由|why a price subsidy was paid or not
principal|被代理人|who is away
problems|问题|problems
process|流程代码|process|unemployment_claim
process_id|流程代码|process|unemployment_claim
process_ids|流程|processes
process_name|事项|name of the process|失业保险金申领
processes|流程|processes
published|发布版本号|published version
published_at|发布时间|when it was published
published_by|发布人|who published it
purpose|用途|purpose
query|筛选条件|filters, as in an address
readers|抄送对象登录名|logins of the readers
reason|理由|reason
reasons|理由与依据|reasons and sources
receipts|银行回盘|receipts of the bank
received_on|收到日期|day it came
region|地区代码|region, GB/T 2260|371502
region_name|地区|name of the region
regions|地区|regions
rejected_why|退回理由|why it was rejected
relabelled|改名的元素|relabelled elements
related|关联案件|related cases
removed|去掉的部分|what was removed
removed_at|移除时间|when it was removed
removed_by|移除人|who removed it
removed_why|移除理由|why it was removed
report|检查结果|report of the checks
reports|演练结果|cases played
required|必填|must be filled in
resume|改后直接回到退回人|comes straight back once corrected
retryable|可重试|may be tried again
returned|退回金额（元）|returned, yuan
returned_count|退回笔数|payments returned
reverses|所冲销的分录|entry that it takes back
round|第几轮|round of the month
row|这一行|the row
rows|各行|rows
running|在办件数|cases that run on it
same|没有差异|nothing differs
scan|病毒检查|virus scan
scan_note|病毒检查说明|what the scanner said
search|办件编号或末几位；单位名称的开头或信用代码|case number or its last figures; head of a name, or credit code
seen|打开时的摘要|digest of what was opened
sender|下发机关代码|who sent it|province
sender_name|下发机关|who sent it
sent_at|发送时间|when it was sent
sent_by|抄送人|who sent it
severity|轻重：error、warning|error or warning
share|共享地区代码，空为不共享|region to share with; empty: nobody|371502
shared|含他案|booked for others too
shared_with|共享地区|region it is shared with
shipped_differs|随系统发布的版本不同|the shipped file differs
signatures|签署：环节、签署人、时间|each step with person and time
signed_at|签署时间|when it was signed
signer|加签人登录名|login of the signer|zhaofuhe
signers|加签人|who was asked to sign
since|自|since
size|大小、每页行数或单位规模|size, rows of a page, or size of an employer|25
so_far|先报已查部分|answer what is found so far
sort|排序：received、due、case|sort|received
source|依据|source
staff_id|人员编号|number of the member of staff
stands|仍然有效|still stands
started|我发起|started by me
started_at|开始时间|when it was started
started_by|发起人|who started it
state|状态|state
status|状态|status
status_name|状态|status in words
step|环节|step
steps|各环节|steps
subject|当事人（号码已遮盖）|whom it is about, masked
submits|通过后即送审|submitted once it has passed
submitted_at|送审时间|when it was submitted
substitute|代理人|who stands in
tab|页签|tab|path
tabs|可看的页签|tabs that may be opened
taken_at|入账时间|when it was taken
taken_by|经手人|who took it
task_id|任务编号|id of the task|0f4c9d6e8a3b4c5d9e1f2a3b4c5d6e7f
task_ids|任务编号|ids of the tasks
tasks|任务|tasks
text|文字|text
text_en|英文文字|text in English
timers|等待的定时|timers that wait
title|标题|title
to|对象：登录名或环节代码|login, or step|zhaofuhe
to_number|新版本号|number of the version after
to_region|转入地区代码|region moved to|371300
to_sign|待签署|asked to sign
to_version_id|新版本编号|version to move to
todo|待办|waits for me
told|线索内容，将告知本人|what was told; the person will read it|原单位来电，称其已到新单位上班
took|用时|how long it took
topic|整改事项|topic
total|总数；金额合计（元）|how many in all, or yuan
trail|审批记录|trail of opinions
tried_to|试到的案件|last case tried
troubles|没有做成、待重做的原因|why parts wait to be done again
type|问题类型|type of the problem
undone_at|撤回时间|when it was undone
undone_by|撤回人|who undid it
undone_why|撤回理由|why it was undone
unread|未读|not opened yet
until|至|until
updated_at|改动时间|when it was changed
updated_by|改动人|who changed it
urges|催办|urges
used|已用时间|time used
valid_from|起（含）|from, inclusive
valid_until|止（不含）|until, exclusive
value|值|value
values|已填内容|values so far
verified|已核实|confirmed by the bureau
version|版本号|number of the version
version_id|版本编号|id of the version
view_id|视图编号|number of the view
views|视图|views
volunteered|当事人自愿提供|brought unasked
waiting|等待的版本或文件数|editions that wait, or how many files do
what|内容|what
when|条件|when
where|现在何处|where it is
who|当事人|subject of the case|person:12
whole_numbers|可显示完整号码|may show whole numbers
why|理由|why|材料须更正
why_not|不能办理的理由|why not, by action
words|常用语|words|材料齐全，予以受理
workdays|工作日数|working days
workdays_left|剩余工作日，负数为已超|working days left; negative when passed
year|年份|year|2026
"""


def _read() -> Iterator[tuple[str, tuple[str, str, str]]]:
    rooms = (
        _WORDS, BOOK_WORDS, CONTROL_WORDS, FEEDBACK_WORDS, GUIDE_WORDS, RECOVERY_WORDS, RECTIFICATION_WORDS,
        REDUCTION_WORDS, REFUND_WORDS, ROSTER_WORDS, TRANSFER_WORDS, TRIAL_WORDS,
    )  # fmt: skip
    for line in (line for words in rooms for line in words.strip().splitlines()):
        name, chinese, english, *example = line.split("|")
        yield name, (chinese, english, example[0] if example else "")


#: field → Chinese, English, example (empty: none but the kind's)
WORDS = dict(_read())


def said(name: str) -> str:
    """The field in both languages; KeyError for a field without words."""
    chinese, english, _example = WORDS[name]
    return f"{chinese} / {english}"

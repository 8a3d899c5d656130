"""What the fields about ratings and complaints are called in the API; see ``api_words``."""

from __future__ import annotations

FEEDBACK_WORDS = """
about_staff|涉及的工作人员，原文|whom it names, as written|窗口一号
again_name|再次评价，没有的为空|how it was rated afterwards; empty while it was not
answer|答复|the answer
answer_by|答复期限（含）|last day to answer, inclusive
answered_count|已答复件数|how many were answered
bad_count|差评数|how many bad ratings
by_channel|按渠道|by channel
by_matter|按事项|by matter
by_month|按月|by month
by_region|按地区|by region
call_back_by|回访期限（含）|last day to call back, inclusive
call_back_late|回访超期|called back late
call_median|从评价到回访的工作日中位数|working days to the call, median
called|已回访件数|how many were called back
called_at|回访时间|when the rater was called back
called_in_time|按期回访件数|how many were called back in time
changed_count|复核变更件数|how many answers a review changed
channel_name|渠道|channel in words|网上
complainant|投诉人：姓名和遮住的号码，或者匿名|who complained: name with masked number, or anonymous|匿名
complaint|投诉|the complaint
complaint_id|投诉序号|number of the complaint
complaints|投诉|complaints
counter|可否在窗口登记|may enter one at the counter
finished_on|办结日期|day on which it was finished
first|起始（月份或天数）|first month, or day|2025-01
fix_by|整改期限（含）|last day to make good, inclusive
fix_late|整改超期|made good late
fix_median|从评价到答复的工作日中位数|working days to the answer, median
grades|各档次数，从非常满意到非常不满意|how often each grade was given, from very satisfied down
grounds|原因的代码|codes of the reasons|slow
handling|差评办理情况|how bad ratings are made good
in_time|按期答复件数|how many were answered in time
invitation_id|评价邀请序号|number of the invitation to rate
invited|邀请件数|how many were invited
justified|属实或部分属实件数|how many were justified, at least in part
last|截止（月份或天数）；或最近一次|last month or day, or the latest one|2025-12
matter|事项|the matter|claim
may_object|可否提出异议|may object now
mended|再评转好件数|bad ones that were rated well afterwards
object_until|异议期限（含）|last day to object, inclusive
objected|提出异议件数|how many were objected to
objection|异议|the objection
of_case|涉及的办件编号|number of the case that it is about|SL-2025-000017
of_case_key|涉及的办件编号|number of the case that it is about|SL-2025-000017
once_more|差评整改后的再次评价|once more, after a bad rating was made good
open_until|可以评价到（含）|may be rated until, inclusive
passed_on|转交件数|how many were passed on
passed_to|转交给|passed on to
passed_why|转交理由|why it was passed on
rated|已经评价的|what was rated
rated_at|评价时间|when it was rated
rated_case_key|被评价的办件编号|number of the case that was rated|SL-2025-000017
rater|评价人：姓名和遮住的号码|who rated: name with masked number
rating_id|评价序号|number of the rating
reach|联系方式|how to reach them|13800138000
received|收到件数|how many came in
received_at|收到时间|when it came in
reply|答复|the reply
review_answer|复核答复|answer of the review
review_name|复核结论|result of the review
said|原因和意见|what was ticked or written
score|评价：5 非常满意、4 满意、3 基本满意、2 不满意、1 非常不满意|grade: 5 very satisfied to 1 very dissatisfied|4
score_name|评价|grade in words|满意
settled|已答复的差评数|how many bad ratings were answered
settled_at|答复时间|when it was answered
settled_in_time|按期整改件数|how many were made good in time
table|哪张表|which table|by_matter
to_rate|等待评价的|what waits to be rated
"""

"""What the fields about rectification: checklists, walls, items, work plans are called in the API; see ``api_words``."""

from __future__ import annotations

RECTIFICATION_WORDS = """
above|上级地区|regions above
benchmark|对照标准|benchmark
cases|所在案件|cases in which it is dealt with
cell|单元格（如 C5），整份文件为空|cell such as C5; empty for the file as a whole
cells|各格|cells
checked|查摆的项数|items checked
checklist_id|清单编号|number of the checklist
checklist_name|所附清单的名称|name of the shipped checklist|shandong-2020
columns|各列（地区）|columns, each a region
cooperating|配合单位|units that cooperate
counted_on|实际计算的日期|the day that counts instead
dates|文件所列各个日期|days that the notice names
days_late|逾期工作日数|working days after the deadline
done_on|完成日期|day on which it was done
drills|可否看下级|leads to its own wall
due_name|在计的期限|which deadline runs
due_week|本周到期的项数|items due this week
dues|各个期限|deadlines
escalated|提醒、通报涉及的项数|items named in reminders and circulars
group|任务|group of tasks
group_title|任务|group of tasks
issued_by|下达人|who issued it
item_id|整改事项编号|number of the item
items|事项（数）|items, or how many
lead_unit|牵头单位|unit that leads|失业保险处
leads|牵头单位|units that lead
measures|整改措施|measures
milestones|其他日期或阶段|other days, or stages
monday|周一的日期|Monday of the week
overdue_on_receipt|收到时已过限|the day had passed on receipt
own_only|只看本地区自身（yes）|yes: the region itself without those below it|yes
paper_id|文书编号|number of the paper
passed_on_receipt|收到时已过|it had passed on receipt
planned|报送方案的项数|items with a plan
position|序号|place in the notice
present|现有项数|items there are
problem|问题|problem
problem_type_name|问题类型|type of the problem
progress|进度（%）|progress, per cent
remark|备注|remark
responsible|责任人|who is responsible
runs|正在计算|it is the one that runs
self_check_due|查摆期限|day by which the self-check is due
sent_back_on|退回日期|day on which it was sent back
sent_back_why|退回理由|why it was sent back
show|只看哪些（各情形的代码）|which: a standing or a sign|late
stage_name|文书种类|kind of paper
standing|情形|how it stands|late
standings|各情形的项数|items by how they stand
stated|文件所写的日期|as the notice says
statement_by|签字说明无问题的人|who signed that there is no problem
supervised_on|督办日期|day of the supervision
supervised_why|督办理由|why it was supervised
target|完成日期|day by which all is done|2026-12-31
task|具体工作|task
topic_id|事项编号|number of the topic
topic_position|事项序号|place of the topic in the notice|1
topics|各事项|topics
trouble|文书未能写成的原因，没有为空|why a paper could not be written; empty for nothing
unit_count|单位数|how many units
units|单位（数）|units, or how many
warnings_read|提醒已看过|the warnings were read
week_end|本周最后一天|last day of this week
weeks|各周|weeks
weight|占全部工作的份额|share of the work
"""

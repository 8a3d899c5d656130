"""What the fields about transfers and the exchange are called in the API; see ``api_words``."""

from __future__ import annotations

TRANSFER_WORDS = """
ack_state|对方的答复：taken 已收、repeated 已有、contradicted 矛盾|what the receiver answered: taken, repeated, contradicted|taken
acked_at|确认收到的时间|when it was acknowledged
address|对方机构的网址或目录|where the other office is reached
announced|告知的金额（元）|amount announced, yuan|40905.00
announced_on|告知的日期|day on which it was announced
applied_at|申请时间|when it was asked for
arrived|到账金额（元）|amount that arrived, yuan|40905.00
arrived_on|到账日期|day on which it arrived
asked_back|已提出撤回，等待答复|the withdrawal was asked for
bad|不能读的文件数|files that cannot be read
basis|转出地写明的算法|how the sending office reckoned, in words
came|收到的信件数|messages that came
can_resend|可否人工重发|may be sent again by hand
contradicted|矛盾的信件数|messages that contradict
dead|是否已放弃；已放弃的信件数|given up, or how many were
direction|方向：in 转入、out 转出|in or out|in
doing|正在办什么，或等什么|what it does, or waits for
due_on|应办结日期|last day
employed|已在转入地就业|works at the receiving place
english|英文名|English name|Dezhou
faults|未予收取的来件（数）|what came and was not taken, or how much
fee|随转费用（元）|fee that travels, yuan|40905.00
folder|目录情况|how the folder stands
from_name|转出地区|place that the rights leave|聊城市
groups|各组地区|groups of places
heard_at|办理的时间|when it was heard
here|由本系统办理|kept in this database
how|依据：message 来信、receipt 回执|by a message or a receipt|message
kind_name|种类名称|name of the kind|联系函
last_contact|最近一次联系|last contact
late|是否超期|late
ledger|账面在途余额（元）|money in transit by the books, yuan|0.00
message_id|信件编号（本机构内部）|number of the row of the message
messages|两地之间的信件|messages between the offices
missing|缺的编号数|numbers that are missing
months_left|未领完的月数|benefit months left|15
months_paid|转移的缴费月数|contribution months that move|66
next_at|下次发送时间|when it is tried next
oldest_days|最久的天数|days of the oldest
oldest_unacked|最早未确认的时间|since when the oldest is not acknowledged
order_reason|支付单状态的原因|why the order stands so
order_status|支付单状态|how the payment order stands
ordered|支付单金额（元）|amount ordered, yuan|40905.00
ordered_at|支付单生成时间|when it was ordered
other_name|对方机构或地区|the other office
ours|本机构所记|what this office has
ours_as_of|本机构对账单的时间|as of when this office stated
out|待对方取走的文件数|files to be fetched by the other office
outcome_text|结果说明|what came of it, in words
own_key|本机构公钥|public key of this office
paid_on|银行付款日期|day on which the bank paid
peer|对方机构（代码）|the other office, or its code|371400
peer_name|对方机构名称|name of the other office|德州市社会保险中心
peers|对方机构|other offices
receiving|转入地|receiving end
relation_only|只转关系，不转费用|the relationship moves without money
sending|转出地|sending end
sent|发出的信件数|messages that were sent
sent_here|是否由本机构发出|sent from here
side|哪一端（in 转入地、out 转出地、both 两地）；或对账对方|which end (in, out or both), or the other side of a reconciliation|in
stages|路上的各步|stretches of the road
state_name|状态名称|name of the state|费用在途
stated_at|本机构最近的对账单|when this office last stated
sums|各项合计（按机构，或按种类）|sums, by office or by kind
theirs|对方所记|what the other office has
theirs_as_of|对方对账单的时间|as of when the other office stated
they_stated_at|对方最近的对账单|when the other office last stated
to_come|应收未到（元）|due to come, yuan|40905.00
to_go|已付未确认（元）|paid and not confirmed, yuan|0.00
to_name|转入地区|place that the rights go to|德州市
transfer_number|转迁编号|number of the transfer|ZY-371400-ZR-2025-000001
unacked|未确认收到的信件数|messages not acknowledged
unheard|收到而未办理的信件数|messages not heard
unknown_faults|没有可信签名的来件|what came without a known signature
unverified|用到的未确认参数|parameters used that are not confirmed
usable|目录可否读写|whether the folder can be used
way|去向：sent 发出、came 收到、inside 本系统内|sent, came, or inside|sent
what_name|哪里不一致|what differs, in words
which|哪些：open 须留意的、all 全部|which: open or all|open
"""

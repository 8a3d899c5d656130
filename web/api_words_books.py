"""What the fields about the books: statements, closings, adjustment, reconciliation are called in the API; see ``api_words``."""

from __future__ import annotations

BOOK_WORDS = """
account|账号、科目或事情经过（账号只显示末四位）|account, masked where it is a bank's|**** 1234
account_name|科目名称|name of the account
accounts|科目|accounts
actor_name|制单人|who posted it
approve|同意（true）或不同意（false）|yes (true) or no (false)
assets|资产|assets
assets_total|资产合计（元）|assets in all, yuan
batch_number|批次号|number of the payment batch|PB-371502-2025-11
batches|付款批次|payment batches
booked|我方账面（元）|as booked, yuan|86400.00
books|账本数|how many books
closed_through|已结账至（月份），未结过为空|last month that is closed; empty for none|2025-09
closing|期末余额（元）|balance at the end, yuan
closing_credit|期末贷方合计（元）|credit at the end, yuan
closing_debit|期末借方合计（元）|debit at the end, yuan
closing_id|结账编号|number of the closing
countersigned_at|第二人签字时间|when the second signed
countersigned_by|第二签字人|who signed second
credit|贷方|credit
debit|借方|debit
difference_id|差异编号|number of the difference
entry_id|分录或凭证编号|number of the entry
equity|净资产|equity
expense|支出（元）或支出各科目|expenditure, yuan or by account
expense_total|支出合计（元）|expenditure in all, yuan
explained_by|说明人|who explained it
fund|收支表|income and expenditure
fund_total|净资产合计（元）|fund balance and surplus, yuan
giver_name|调出地区|region that gives
hand_kind|手工凭证的业务（科目表 by_hand）|kind of the voucher, of the chart's by_hand|contributions
held|可用资金（元）|what the region holds, yuan
income|收入（元）或收入各科目|income, yuan or by account
income_total|收入合计（元）|income in all, yuan
kinds|可选的业务|kinds to choose from
liabilities|负债|liabilities
liabilities_total|负债合计（元）|liabilities in all, yuan
may|可以办理的操作|what the caller may try
may_decide|可否决定|may be decided by the caller
may_propose|可否提出|the caller may propose
may_reconcile|可否对账|the caller may reconcile
may_sign|可否签字|the caller may sign
mistake|所填有误之处，没有为空|what is wrong in what was asked; empty for nothing
need|缺口（元）|shortfall, yuan
opened_by|对账人|who compared it
opening|期初余额（元）|balance before, yuan
opening_credit|期初贷方合计（元）|credit before, yuan
opening_debit|期初借方合计（元）|debit before, yuan
our_day|我方日期|day on our side
pair_id|配对编号|number of the pair
paired|相符的项数|items that agree
pairs|待确认或已确认的配对|pairs that may be the same
paper|原始凭证编号|number of the paper that shows it|税划2025-11
poor|深度贫困县（优先）|a deeply poor county, served first
proposal_id|调剂编号|number of the proposal
proposals|各次调剂|proposals
proposed_at|提出时间|when it was proposed
proposed_by|提出人|who proposed it
ready|没有未结事项，可以签字|nothing is open any more
reconciliation_id|对账报告编号|number of the reconciliation
reopened|曾重新开账的月份|months that were opened again
reopening|重新开账的申请|the wish to open it again
reopening_id|重新开账申请编号|number of the wish to open a month again
reversed_by|冲销此凭证的凭证|voucher that takes this one back
reverses_id|所冲销的凭证|voucher that this one takes back
same_item|是否同一笔|whether they are the same item
settled_by|核销人|who settled it
sheet|资产负债表|balance sheet
side_name|对账对方|the other side in words|银行
sides|四方|the four sides
sight|所看的地区和月份|region and months in view
signed_by|签字人或签发人|who signed
statement_side|对账对方：bank 银行、tax 税务、treasury 财政专户、business 业务|the other side: bank, tax, treasury or business|bank
surplus|本期结余（元）|income less expenditure, yuan
takes_back|所冲销的手工凭证|voucher that this one takes back
their_day|对方日期|day on the other side
trial|试算平衡表|trial balance
voucher|凭证|voucher
voucher_before|只列此编号之前的凭证（上一页的 before）|only vouchers before this number, from the page before|1200
voucher_id|手工凭证编号|number of the voucher by hand
year_end_id|年终结转编号|number of the carrying
years|各次年终结转|carryings of years
"""

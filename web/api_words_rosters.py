"""What the fields about rosters, price indices, imports and what people apply for are called in the API; see ``api_words``."""

from __future__ import annotations

ROSTER_WORDS = """
applicant_name|申请人姓名|name of the applicant|李国强
applicant_number|申请人公民身份号码|identity number of the applicant|370000199001010011
applications|各遗属的申请|applications of relatives
applied_on|申请日期|day of the application
apply_by|申请截止日期|last day to apply
as_of|名册所反映的日期|day that the roster describes|2025-11-03
certificate|证书编号（部分隐藏）|number of the certificate
certificate_number|证书编号|number of the certificate|Y000037000000000001
certificates|证书|certificates
checked_at|检查完毕时间|when it was checked
checked_rows|已检查的行数|rows that were checked
child_id|无误行另立的文件编号，0 为没有|file of the clean rows; 0 for none
column|列名|heading of the column
column_en|英文列名|heading in English
commitment|已作告知承诺|stands in for the truth of it
confirmed_by|复核人|who confirmed it
contact_address|手机号码或邮箱，留空则不再通知|mobile number or mailbox; empty ends it|13800138000
contact_channel|通知方式：sms 短信、mail 邮件|sms or mail|sms
cpi|居民消费价格同比涨幅（%）|rise of consumer prices, per cent|3.6
cpi_trigger|居民消费价格启动线（%）|trigger of consumer prices, per cent
deceased_name|死者姓名|name of who died|王建国
deceased_number|死者公民身份号码|identity number of who died|370000196501010011
died_on|死亡日期|day of death
down|查询系统暂时没有回答|the look-up does not answer just now
error_rows|有误的行数|rows with an error
examples|例子（已隐藏个人信息）|examples, masked
food|食品价格同比涨幅（%）|rise of food prices, per cent|6.2
food_trigger|食品价格启动线（%）|trigger of food prices, per cent
granted|已核准金额（元）|granted in all, yuan|24500.00
holder_name|持证人姓名|name of the holder|李国强
holder_number|持证人公民身份号码|identity number of the holder|370000199001010011
import_id|导入文件编号|number of the file
index_id|价格指数编号|number of the price index
issued_on|印发或核发日期|day of issue|2025-11-03
kind_english|种类英文名称|name of the kind in English
letter_id|文书编号|number of the letter
level_name|等级名称|name of the level
living_allowance|城市低保标准（元）|allowance of subsistence, yuan|900.00
loaded_at|装载时间|when it was loaded
loaded_by|装载人|who loaded it
low_income|低收入居民价格同比涨幅（%）|rise for low incomes, per cent|4.1
mail|邮箱（部分隐藏）|mailbox, masked
may_apply|现在可否申请|an application makes sense today
occupation|职业（工种）|occupation
other_fund|其他险种的丧葬抚恤待遇|death benefit of another fund|none
own_account|申请人本人银行账户，留空用社会保障卡|account of the applicant's own; empty: the social security card|6217000012345678
parent_id|来源文件编号，0 为没有|file that it was split from; 0 for none
pay_by|发放截止日期|last day to pay
per_mille|占全部行的千分比|of all rows, in thousandths
price_source|公布来源|where it was published|国家统计局聊城调查队
reached|达到启动条件|the trigger is reached
relation|与死者的关系|relation to who died|spouse
roster_id|名册编号|number of the roster
roster_source|名册来源（由谁提供）|who sent the roster|市公安局
rosters|收入的名册|rosters taken in
row_no|行号|number of the row
steward|可否收入名册|the caller takes rosters in
subsidy_status|办理状态|state of the application|open
uploaded_at|上传时间|when it was uploaded
uploaded_by|上传人|who uploaded it
warning_rows|有提醒的行数|rows with a warning
why_en|英文理由|why, in English
"""

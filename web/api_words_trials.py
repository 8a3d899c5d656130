"""What the fields about trials of figures are called in the API; see ``api_words``."""

from __future__ import annotations

TRIAL_WORDS = """
after_fen|试算后的金额（分）|fen by the tried figures
after_outcome|试算后的结论|finding by the tried figures
after_outcome_en|试算后的结论（英文）|the same in English
after_paid|试算后有返还的户数|employers who would get something
base_round|对照的筛查轮次|round of the screening compared with
base_year|对照的筛查年度|year of the screening compared with
before_fen|试算前的金额（分）|fen as screened
before_outcome|试算前的结论|finding as screened
before_outcome_en|试算前的结论（英文）|the same in English
before_paid|试算前有返还的户数|employers who get something
delta|差额（元，带正负号）|difference in yuan with its sign|+12.00
delta_fen|差额（分）|difference in fen
effect|变化：受益、受损或仅结论改变|what changes for them|gain
fails_no_more|不再不符合的条件或户数|no longer failed: conditions, or how many
fails_now|新不符合的条件或户数|newly failed: conditions, or how many
gain|受益户数|employers who gain
gain_fen|受益金额（分）|what they gain, fen
lose|受损户数|employers who lose
lose_fen|受损金额（分）|what they lose, fen
other|仅结论改变的户数|employers for whom only the finding changes
run_id|演练或筛查的编号|number of the run
sizes|按规模|by size
title_en|英文标题|title in English
trial_id|试算编号|number of the trial
trial_name|试算名称，可以不填|name of the trial, may be left out|2026 年比例方案一
turned|使结论改变的条件|conditions that turn findings
typed_figures|要试的数值：规则键 → 如页面所填（比例填百分数）|figures to try: key → as typed on the page, percentages as people say them
whole|合计|all together
"""

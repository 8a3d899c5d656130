"""Names for made-up people and firms; characters chosen to sound ordinary, no list of real persons."""

from __future__ import annotations

from random import Random
from typing import Literal

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_MALE = "伟强磊军洋勇杰涛明超刚平辉鹏华飞波斌宇浩凯健俊帆帅旭宁龙林东峰建国志海永庆兴德福宝民军利胜学祥才发武新清保顺"
_FEMALE = "芳娜敏静丽艳娟霞秀英慧巧美兰凤洁梅琳素云莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞莉桂娣叶璧璐娅琦晶妍茜秋珊莎锦"
_FIRM_HEADS = "鲁西聊运东昌光岳凤凰水城临清阳谷莘州高唐东阿冠州茌山河海天润泰和瑞丰恒信达远兴盛华宏嘉业"
_TRADES = (
    "机械制造", "纺织", "食品", "阿胶制品", "钢管", "轴承", "化工", "建材", "物流", "商贸",
    "农业科技", "电子", "包装", "汽车配件", "建筑工程", "餐饮管理", "信息技术", "新能源", "医疗器械", "家具",
)  # fmt: skip


def person_name(random: Random, sex: Literal["male", "female"]) -> str:
    """A Chinese name of two or three characters."""
    given = _MALE if sex == "male" else _FEMALE
    count = 2 if random.random() < 0.78 else 1
    return random.choice(_SURNAMES) + "".join(random.choice(given) for _ in range(count))


def drawn_name(number: int, *, male: bool) -> str:
    """The name that belongs to a number below 2^32: for crowds, where drawing one by one would take too long."""
    given = _MALE if male else _FEMALE
    rest, surname = divmod(number, len(_SURNAMES))
    rest, first = divmod(rest, len(given))
    return _SURNAMES[surname] + given[first] + given[rest % len(given)]


def firm_name(random: Random, *, place: str, suffix: str) -> str:
    """A firm's name: place, a made-up brand, its trade and form; ``聊城恒润机械制造有限公司``."""
    return place + random.choice(_FIRM_HEADS) + random.choice(_FIRM_HEADS) + random.choice(_TRADES) + suffix


def drawn_firm(number: int, *, suffix: str) -> str:
    """The firm's name that belongs to a number below 2^32, without a place: for crowds."""
    rest, trade = divmod(number, len(_TRADES))
    rest, first = divmod(rest, len(_FIRM_HEADS))
    return _FIRM_HEADS[first] + _FIRM_HEADS[rest % len(_FIRM_HEADS)] + _TRADES[trade] + suffix

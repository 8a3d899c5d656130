"""The grammar of the expression language: text to a small tree, or an ExpressionError with line and column.

There is no Python source behind it: what this parser does not know does not exist in a diagram.
Called by ``expressions`` only.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from engine.workflow.evaluation import MAX_DIGITS
from engine.workflow.signs import strange_letter
from engine.workflow.syntax import (
    Binary,
    Call,
    Choice,
    Comparison,
    ExpressionError,
    Index,
    Literal,
    Name,
    Node,
    Place,
    Sequence,
    Table,
    Unary,
)

MAX_SOURCE = 20_000
MAX_NODES = 1_000
MAX_DEPTH = 40

#: full-width sign → what to type instead
_FULL_WIDTH = {
    "（": "(", "）": ")", "【": "[", "】": "]", "［": "[", "］": "]", "｛": "{", "｝": "}", "，": ",", "、": ",",
    "：": ":", "；": ";", "。": ".", "．": ".", "“": '"', "”": '"', "‘": "'", "’": "'", "＂": '"', "＇": "'",
    "！": "!", "＝": "==", "＞": ">", "＜": "<", "≥": ">=", "≤": "<=", "≠": "!=", "＋": "+", "－": "-", "—": "-",
    "×": "*", "＊": "*", "÷": "/", "／": "/", "％": "%", "＆": "and", "｜": "or", "？": "?", "「": '"', "」": '"',
}  # fmt: skip
#: other languages' spellings of our words
_WORDS = {
    "&&": "and", "||": "or", "eq": "==", "ne": "!=", "<>": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "=": "==", "div": "/", "mod": "%",
}  # fmt: skip
_CONSTANTS: dict[str, bool | None] = {
    "true": True, "True": True, "false": False, "False": False, "null": None, "None": None,
}  # fmt: skip
_OPERATOR_WORDS = frozenset(
    {"and", "or", "not", "in", "if", "else", "empty", "eq", "ne", "lt", "le", "gt", "ge", "div", "mod"}
)
_FORBIDDEN = frozenset(
    re.findall(
        r"\w+",
        "lambda def import from for while class try except finally with yield await async del global nonlocal "
        "return raise assert pass break continue exec eval then some every satisfies function",
    )
)
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "not in"})
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\f\u3000\u00a0]+) | (?P<comment>\#[^\n]*) | (?P<newline>\n)
    | (?P<text>"(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*')
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<sign>\*\*|//|<<|>>|:=|\+=|-=|\*=|/=|==|!=|<>|<=|>=|&&|\|\||[-+*/%<>=!?:,;()\[\]{}.])""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word, sign, number or text with its place; kind ``end`` closes the list."""

    kind: str
    text: str
    at: Place


def tokens(source: str, *, lines: bool) -> list[Token]:
    """The tokens of the text, ends of lines among them where lines count; refuses signs that the language lacks."""
    if len(source) > MAX_SOURCE:
        raise ExpressionError(f"表达式过长（{len(source)}字，最多{MAX_SOURCE}字）")
    found: list[Token] = []
    line, line_start, position, open_brackets = 1, 0, 0, 0
    while position < len(source):
        at = Place(line, position - line_start + 1)
        match = _TOKEN.match(source, position)
        if match is None:
            raise at.error(_stray(source[position]))
        position = match.end()
        kind, text = str(match.lastgroup), match.group()
        open_brackets += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        if kind == "newline":
            line, line_start = line + 1, position
        if kind in ("space", "comment") or (kind == "newline" and (open_brackets > 0 or not lines)):
            continue
        found.append(_token(kind, text, at))
    found.append(Token("end", "", Place(line, position - line_start + 1)))
    return found


def _stray(sign: str) -> str:
    if sign in _FULL_WIDTH:
        return f"这里是全角符号“{sign}”，请改用半角 {_FULL_WIDTH[sign]}"
    if sign in "\"'":
        return "引号没有配对"
    return f"不认识的符号“{sign}”"


def _token(kind: str, text: str, at: Place) -> Token:
    if kind != "word":
        return Token(kind, text, at)
    word = unicodedata.normalize("NFKC", text)
    if not word.isidentifier():
        raise at.error(f"“{text}”不能作名称")
    if strange := strange_letter(word):
        raise at.error(f"“{text}”里的 {strange} 不是英文字母或汉字，只是形似，请重新输入")
    if word in _FORBIDDEN:
        raise at.error(f"不能写 {word}：这里只能写条件和算式，不能写程序")
    if word.startswith("_"):
        raise at.error(f"名称不能以下划线开头：{word}")
    return Token("sign" if word in _OPERATOR_WORDS else "word", word, at)


class Parser:
    """Reads one expression after another from a list of tokens."""

    def __init__(self, source: str, *, lines: bool = False) -> None:
        self._tokens = tokens(source, lines=lines)
        self._position = 0
        self._nodes = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        """The token to be read next."""
        return self._tokens[self._position]

    def take(self) -> Token:
        """The next token, which is then behind us."""
        token = self.next
        self._position += token.kind != "end"
        return token

    def skip(self, *texts: str) -> bool:
        """True if the next token was one of these; it is then behind us."""
        if self.next.kind in ("sign", "newline") and self.next.text in texts:
            self.take()
            return True
        return False

    def expect(self, text: str, why: str) -> Token:
        """The next token, which must be this sign."""
        if self.next.kind == "sign" and self.next.text == text:
            return self.take()
        raise self.next.at.error(why)

    def expression(self) -> Node:
        """One whole expression."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.next.at.error(f"括号或条件嵌套过深（最多{MAX_DEPTH}层）")
        value = self._either()
        if self.skip("?"):
            yes = self.expression()
            self.expect(":", "条件式缺少“:”，写法是 条件 ? 甲 : 乙")
            value = self._made(Choice(at=value.at, condition=value, yes=yes, no=self.expression()))
        elif self.skip("if"):
            condition = self._either()
            self.expect("else", "条件式缺少 else，写法是 甲 if 条件 else 乙")
            value = self._made(Choice(at=value.at, condition=condition, yes=value, no=self.expression()))
        self._depth -= 1
        return value

    def _made(self, node: Node) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise node.at.error("表达式过于复杂，请拆成几步")
        return node

    def _either(self) -> Node:
        left = self._both()
        while self.skip("or", "||"):
            left = self._made(Binary(at=left.at, sign="or", left=left, right=self._both()))
        return left

    def _both(self) -> Node:
        left = self._negation()
        while self.skip("and", "&&"):
            left = self._made(Binary(at=left.at, sign="and", left=left, right=self._negation()))
        return left

    def _negation(self) -> Node:
        at, count = self.next.at, 0
        while self.skip("not"):
            count += 1
            if count > MAX_DEPTH:
                raise at.error("not 过多")
        inner = self._comparison()
        return self._made(Unary(at=at, sign="not", operand=inner)) if count % 2 else inner

    def _comparison(self) -> Node:
        first = self._sum()
        rest: list[tuple[str, Node]] = []
        while sign := self._comparison_sign():
            rest.append((sign, self._sum()))
        return self._made(Comparison(at=first.at, first=first, rest=tuple(rest))) if rest else first

    def _comparison_sign(self) -> str:
        token = self.next
        if token.kind != "sign":
            return ""
        if token.text == "not":
            self.take()
            self.expect("in", "“not”放在两个值之间时只能写 not in")
            return "not in"
        sign = _WORDS.get(token.text, token.text)
        if sign not in _COMPARISONS:
            return ""
        self.take()
        return sign

    def _sum(self) -> Node:
        left = self._product()
        while self.next.kind == "sign" and self.next.text in ("+", "-"):
            sign = self.take()
            left = self._made(Binary(at=sign.at, sign=sign.text, left=left, right=self._product()))
        return left

    def _product(self) -> Node:
        left = self._signed()
        while self.next.kind == "sign" and _WORDS.get(self.next.text, self.next.text) in (
            "*",
            "/",
            "//",
            "%",
        ):
            sign = self.take()
            text = _WORDS.get(sign.text, sign.text)
            left = self._made(Binary(at=sign.at, sign=text, left=left, right=self._signed()))
        return left

    def _signed(self) -> Node:
        signs: list[Token] = []
        while self.next.kind == "sign" and self.next.text in ("-", "+", "!", "empty"):
            signs.append(self.take())
            if len(signs) > MAX_DEPTH:
                raise self.next.at.error("正负号过多")
        value = self._postfix()
        for sign in reversed(signs):
            if sign.text != "+":
                name = "not" if sign.text == "!" else sign.text
                value = self._made(Unary(at=sign.at, sign=name, operand=value))
        return value

    def _postfix(self) -> Node:
        value = self._primary()
        while self.next.kind == "sign" and self.next.text in ("[", "(", "."):
            sign = self.take()
            if sign.text == ".":
                raise sign.at.error(f'不能用“.”取内容；数据项请写成 {_named(value)}["{self.next.text}"]')
            if sign.text == "(":
                raise sign.at.error("只能按名称调用函数，例如 today()")
            key = self.expression()
            self.expect("]", "缺少“]”")
            value = self._made(Index(at=sign.at, target=value, key=key))
        return value

    def _primary(self) -> Node:
        token = self.take()
        if token.kind in ("number", "text"):
            value = _number(token) if token.kind == "number" else _unquoted(token)
            return self._made(Literal(at=token.at, value=value))
        if token.kind == "word":
            return self._word(token)
        return self._enclosed(token)

    def _enclosed(self, token: Token) -> Node:
        if token.text == "(":
            value = self.expression()
            if self.next.text == ",":
                raise self.next.at.error("多个值请用方括号：[甲, 乙]")
            self.expect(")", "缺少“)”")
            return value
        if token.text == "[":
            return self._made(Sequence(at=token.at, items=self._items("]")))
        if token.text == "{":
            return self._table(token)
        raise token.at.error(_unexpected(token))

    def _word(self, token: Token) -> Node:
        if token.text in _CONSTANTS:
            return self._made(Literal(at=token.at, value=_CONSTANTS[token.text]))
        if self.next.kind == "sign" and self.next.text == "(":
            self.take()
            return self._made(Call(at=token.at, function=token.text, arguments=self._items(")")))
        return self._made(Name(at=token.at, id=token.text))

    def _items(self, close: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self.skip(close):
            if items:
                self.expect(",", f"缺少“{close}”或“,”")
                if self.skip(close):
                    break
            items.append(self.expression())
        return tuple(items)

    def _table(self, opening: Token) -> Node:
        pairs: list[tuple[Node, Node]] = []
        while not self.skip("}"):
            if pairs:
                self.expect(",", "缺少“}”或“,”")
            key = self.expression()
            self.expect(":", "缺少“:”，写法是 {名称: 值}")
            pairs.append((key, self.expression()))
        return self._made(Table(at=opening.at, pairs=tuple(pairs)))


def _named(node: Node) -> str:
    return node.id if isinstance(node, Name) else "…"


def _number(token: Token) -> int | Decimal:
    if len(token.text) > MAX_DIGITS:
        raise token.at.error(f"数字过长（最多{MAX_DIGITS}位）")
    return Decimal(token.text) if "." in token.text else int(token.text)


def _unquoted(token: Token) -> str:
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), token.text[1:-1])


def _unexpected(token: Token) -> str:
    if token.kind == "end":
        return "表达式没有写完"
    if token.text == "\n":
        return "这一行没有写完"
    if token.text == "**":
        return "不支持乘方"
    return f"这里不该有“{token.text}”"

"""From tokens to the tree. NOT binds tightest, then OR, then AND: the opposite of SQL."""

from collections.abc import Callable
from functools import lru_cache

from triage.lql.functions import FUNCTIONS, Argument, call_of
from triage.lql.regex import check_pattern
from triage.lql.tokens import Token, fail, plain, tokenise
from triage.model.filter import (
    MAX_DEPTH,
    And,
    Anywhere,
    Call,
    Filter,
    Node,
    Not,
    Operator,
    Or,
    Path,
    Restriction,
    Value,
)

_REGEX = ("=~", "!~")


@lru_cache(maxsize=2048)
def parse(text: str) -> Filter:
    """The tree of a filter in the Logging query language.

    Raises FilterError, with line, column and what was expected, where the text is not such a filter: bad syntax,
    a pattern that RE2 refuses, a wrong call of a function, more than 20,000 characters, nesting without end.
    Whether its fields exist is for `check` to say.
    """
    return _Parser(text).filter()


class _Parser:
    """Recursive descent over the tokens; `depth` bounds the recursion, lists of terms are loops."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenise(text)
        self.at = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def _at_call(self) -> bool:
        """A name with `(` right after it; with a blank between, they are two terms."""
        if self.now.kind != "text" or self.now.keyword:
            return False
        following = self.tokens[self.at + 1]
        return following.kind == "(" and following.start == self.now.end

    def _take(self) -> Token:
        """The token at hand; the next one is at hand then."""
        token = self.now
        self.at += 1
        return token

    def _expected(self, what: str, token: Token | None = None) -> Exception:
        """The error that says what should stand where `token` does, or the one at hand."""
        token = token or self.now
        found = "the filter ends here" if token.kind == "end" else f"found `{token.text[:40]}`"
        return fail(f"expected {what}, {found}", self.text, token.start, max(token.end, token.start + 1))

    def filter(self) -> Filter:
        """The whole filter; raises FilterError where it is none."""
        if self.now.kind == "end":
            return Filter(None, self.text)
        root = self._expression(self._restriction)
        if self.now.kind == ")":
            raise self._expected("the end of the filter: this `)` closes nothing")
        return Filter(root, self.text)

    def _expression(self, leaf: Callable[[], Node]) -> Node:
        """Terms joined by AND or by nothing but a blank, up to a `)` or the end."""
        terms = [self._factor(leaf)]
        while self.now.kind not in (")", "end"):
            if self.now.keyword == "AND":
                self._take()
            elif self.now.kind in ("operator", ",", "."):
                raise self._unexpected()
            terms.append(self._factor(leaf))
        return _joined(And, terms)

    def _factor(self, leaf: Callable[[], Node]) -> Node:
        """Terms joined by OR."""
        terms = [self._term(leaf)]
        while self.now.keyword == "OR":
            self._take()
            terms.append(self._term(leaf))
        return _joined(Or, terms)

    def _term(self, leaf: Callable[[], Node]) -> Node:
        """A simple term, or its opposite: behind NOT, or right behind `-`."""
        if self.now.keyword == "NOT":
            self._take()
            return Not(self._simple(leaf))
        if self.now.kind == "-":
            minus = self._take()
            if minus.end != self.now.start:
                raise self._expected("a term right after `-`", minus)
            return Not(self._simple(leaf))
        return self._simple(leaf)

    def _simple(self, leaf: Callable[[], Node]) -> Node:
        """Something in parentheses, or a leaf: a restriction in an expression, a value in a list of values."""
        opening = self.now
        if opening.kind != "(":
            return leaf()
        self._take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise fail(f"parentheses nest deeper than {MAX_DEPTH}", self.text, opening.start, opening.end)
        inner = self._expression(leaf)
        if self._take().kind != ")":
            raise fail("this `(` is never closed: expected `)`", self.text, opening.start, opening.end)
        self.depth -= 1
        return inner

    def _restriction(self) -> Node:
        """A field or a function with an operator and its operand; a function or a value by itself."""
        left: Path | Call | None
        if self._at_call():
            left = self._call()
        else:
            left = None
            parts = self._member("a term: a field, a function, a value or `(`")
        if self.now.kind != "operator":
            if left is None:
                return Anywhere(_text(parts), (parts[0].start, parts[-1].end))
            if not FUNCTIONS[left.name].boolean:
                raise self._expected(f"a comparison: {left.name}() gives a value, not true or false")
            return left
        if left is None:
            left = Path(tuple(plain(part) for part in parts), (parts[0].start, parts[-1].end))
        elif FUNCTIONS[left.name].boolean:
            raise self._expected(f"no comparison: {left.name}() is true or false by itself")
        operator: Operator = self._take().text  # type: ignore[assignment]  # the tokeniser knows only operators
        return Restriction(left, operator, self._operand(operator))

    def _operand(self, operator: Operator) -> Node:
        """What stands behind an operator: a value, or a list of values in parentheses."""

        def leaf() -> Node:
            return self._value(operator)

        if self.now.kind == "(":
            return self._simple(leaf)
        if self.now.kind == "-":
            raise self._expected("a value: write it in double quotes where it begins with `-`")
        return leaf()

    def _value(self, operator: Operator) -> Value:
        """One value, or one pattern; `*` and NULL_VALUE mean more than their letters."""
        parts = self._member(f"a value after `{operator}`", value=True)
        span = (parts[0].start, parts[-1].end)
        if operator in _REGEX:
            if len(parts) != 1 or parts[0].kind != "string":
                raise self._expected(f"a pattern in double quotes after `{operator}`", parts[0])
            pattern = parts[0].text[1:-1]
            check_pattern(pattern, self.text, span)
            return Value(pattern, span=span)
        if len(parts) == 1 and parts[0].kind == "text":
            if parts[0].text == "NULL_VALUE":
                return Value("NULL_VALUE", "null", span)
            if parts[0].text == "*" and operator == ":":
                return Value("*", "any", span)
        return Value(_text(parts), span=span)

    def _member(self, what: str, *, value: bool = False) -> list[Token]:
        """Texts and strings joined by dots. A keyword may stand for itself after a dot, and as a value."""
        if self.now.kind not in ("text", "string") or (self.now.keyword and not value):
            raise self._unexpected(what)
        parts = [self._take()]
        while self._dot():
            if self.now.kind not in ("text", "string"):
                raise self._expected("a name after `.`")
            parts.append(self._take())
        for part in parts:
            if part.kind == "text" and part.text[0] == "'":
                raise fail("a single quote does not quote; use double quotes", self.text, part.start, part.end)
        return parts

    def _dot(self) -> bool:
        """Whether a dot is at hand, which is taken."""
        found = self.now.kind == "."
        self.at += found
        return found

    def _unexpected(self, what: str = "a term or the end of the filter") -> Exception:
        """The error for a token that can begin nothing here."""
        if self.now.kind == "operator":
            hint = "; a value that contains it must stand in double quotes" if self.at else ""
            return self._expected(what + hint)
        return self._expected(what)

    def _call(self, outer: str = "") -> Call:
        """A function with its arguments; `outer` is the function that it is an argument of."""
        name = self._take()
        lower = name.text.lower()
        if lower not in FUNCTIONS:
            raise fail(
                f"there is no function {name.text}(); known are {', '.join(sorted(FUNCTIONS))}",
                self.text,
                name.start,
                name.end,
            )
        self._take()
        args: list[Argument] = []
        while self.now.kind != ")":
            if args:
                if self.now.kind != ",":
                    raise self._expected("`,` or `)`")
                self._take()
            args.append(self._argument(lower))
        closing = self._take()
        return call_of(lower, args, self.text, (name.start, closing.end), outer=outer)

    def _argument(self, outer: str) -> Argument:
        """One argument: a call, or texts and strings joined by dots."""
        if self._at_call():
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise fail(f"functions nest deeper than {MAX_DEPTH}", self.text, self.now.start, self.now.end)
            inner = self._call(outer)
            self.depth -= 1
            return inner
        return self._member("an argument", value=True)


def _text(parts: list[Token]) -> str:
    return ".".join(plain(part) for part in parts)


def _joined(kind: type[And] | type[Or], terms: list[Node]) -> Node:
    """One term stands for itself; a term of the same kind (from parentheses) gives its own terms."""
    if len(terms) == 1:
        return terms[0]
    flat: list[Node] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, kind) else (term,))
    return kind(tuple(flat))

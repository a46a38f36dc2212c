"""The functions of the language: what each takes, checked while the filter is parsed."""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias
from zoneinfo import ZoneInfo

from triage.lql.regex import check_pattern
from triage.lql.search import search_patterns
from triage.lql.tokens import Token, fail, plain
from triage.model.filter import Call, Path, Span, Value

CAST_TYPES = ("STRING", "INT64", "FLOAT64", "BOOL", "TIMESTAMP", "DURATION")

Argument: TypeAlias = list[Token] | Call
"""As parsed: the parts of a dotted text, or a nested call."""


@dataclass(frozen=True, slots=True)
class Function:
    """`boolean`: true or false by itself; otherwise its value is compared. `usage` is shown in errors."""

    usage: str
    least: int
    most: int
    boolean: bool = True


FUNCTIONS = {
    "log_id": Function('log_id("LOG")', 1, 1),
    "source": Function("source(projects/ID)", 1, 1),
    "sample": Function("sample(FIELD, FRACTION)", 2, 2),
    "ip_in_net": Function('ip_in_net(FIELD, "10.0.0.0/8")', 2, 2),
    "search": Function('SEARCH("words") or SEARCH(FIELD, "words")', 1, 2),
    "cast": Function("cast(FIELD, TYPE) or cast(FIELD, TYPE, TIMEZONE(...))", 2, 3, boolean=False),
    "regexp_extract": Function('regexp_extract(FIELD, "pattern with one (group)")', 2, 2, boolean=False),
    "timezone": Function('TIMEZONE("America/New_York") inside cast()', 1, 1, boolean=False),
}


def call_of(name: str, args: Sequence[Argument], text: str, span: Span, *, outer: str = "") -> Call:
    """The checked call of a known function.

    Raises FilterError where the number of arguments, or one of them, is not what the function takes. `outer` is the
    function around it, if any.
    """
    function = FUNCTIONS[name]
    if not function.least <= len(args) <= function.most:
        raise fail(f"expected {function.usage}", text, *span)
    if name == "timezone" and outer != "cast":
        raise fail("TIMEZONE() stands only inside cast()", text, *span)
    return Call(name, _Arguments(name, text, span).checked(args), span)


@dataclass(frozen=True, slots=True)
class _Arguments:
    name: str
    text: str
    span: Span

    def checked(self, args: Sequence[Argument]) -> tuple[Path | Value | Call, ...]:
        """The arguments as the tree holds them; raises FilterError for the first that the function does not take."""
        if self.name == "search":
            return (*(self._field(arg) for arg in args[:-1]), self._query(args[-1]))
        takes: dict[str, tuple[Callable[[Argument], Path | Value | Call], ...]] = {
            "log_id": (self._filled,),
            "source": (self._parent,),
            "timezone": (self._zone,),
            "sample": (self._field, self._fraction),
            "ip_in_net": (self._field_or_call, self._net),
            "regexp_extract": (self._field_or_call, self._pattern),
            "cast": (self._field_or_call, self._cast_type, self._timezone),
        }
        return tuple(take(arg) for take, arg in zip(takes[self.name], args, strict=False))

    def _value(self, arg: Argument) -> Value:
        if isinstance(arg, Call):
            self._wrong("a value", arg)
        return Value(".".join(plain(part) for part in arg), span=_span(arg))

    def _filled(self, arg: Argument) -> Value:
        value = self._value(arg)
        return value if value.text else self._wrong("a name that is not empty", arg)

    def _query(self, arg: Argument) -> Value:
        value = self._value(arg)
        return value if search_patterns(value.text) else self._wrong("a query with at least one word", arg)

    def _field(self, arg: Argument) -> Path:
        if isinstance(arg, Call):
            self._wrong("a field", arg)
        return Path(tuple(plain(part) for part in arg), _span(arg))

    def _field_or_call(self, arg: Argument) -> Path | Call:
        if isinstance(arg, Call):
            if FUNCTIONS[arg.name].boolean or arg.name == "timezone":
                self._wrong("a field, cast() or regexp_extract()", arg)
            return arg
        return self._field(arg)

    def _parent(self, arg: Argument) -> Value:
        value = self._value(arg)
        kind, _, name = value.text.partition("/")
        if kind not in ("projects", "folders", "organizations", "billingAccounts") or not name or "/" in name:
            self._wrong("projects/ID, folders/ID, organizations/ID or billingAccounts/ID", arg)
        return value

    def _fraction(self, arg: Argument) -> Value:
        value = self._value(arg)
        try:
            ok = 0 < float(value.text) <= 1
        except ValueError:
            ok = False
        return value if ok else self._wrong("a fraction above 0, at most 1", arg)

    def _net(self, arg: Argument) -> Value:
        value = self._value(arg)
        try:
            ipaddress.ip_network(value.text, strict=False)
        except ValueError:
            self._wrong('a subnet such as "10.1.2.0/24"', arg)
        return value

    def _pattern(self, arg: Argument) -> Value:
        value = self._value(arg)
        check_pattern(value.text, self.text, value.span, groups=1)
        return value

    def _cast_type(self, arg: Argument) -> Value:
        value = self._value(arg)
        if value.text.upper() not in CAST_TYPES:
            self._wrong("one of " + ", ".join(CAST_TYPES), arg)
        return Value(value.text.upper(), span=value.span)

    def _timezone(self, arg: Argument) -> Call:
        return arg if isinstance(arg, Call) and arg.name == "timezone" else self._wrong("TIMEZONE(...)", arg)

    def _zone(self, arg: Argument) -> Value:
        value = self._value(arg)
        try:
            ZoneInfo(value.text)
        except (ValueError, OSError, KeyError):
            self._wrong('a time zone such as "America/New_York"', arg)
        return value

    def _wrong(self, expected: str, arg: Argument) -> NoReturn:
        raise fail(f"{self.name}(): expected {expected}", self.text, *_span(arg))


def _span(arg: Argument) -> Span:
    return arg.span if isinstance(arg, Call) else (arg[0].start, arg[-1].end)

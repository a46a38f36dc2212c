"""The filters of Cloud Monitoring: comparisons over dotted fields, joined by AND, OR, NOT and parentheses.

Not the Logging query language: another grammar with functions of its own. What is not understood is refused.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import re2

from tests.emulator.errors import ApiError, invalid

Test = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<operator><=|>=|!=|=~|!~|[=<>:()\-,])|(?P<word>[^\s"'()=<>!:,]+))""",
    re.VERBOSE,
)
_SNAKE = re.compile(r"_([a-z])")


@dataclass(frozen=True)
class Comparison:
    """One comparison as written: what the caller may want to know beside the test itself."""

    field: str
    operator: str
    value: str


class MonitoringFilter:
    """A parsed filter: `matches(record)`, and the comparisons that stand in it. Raises ApiError for bad text."""

    def __init__(self, text: str, *, what: str = "filter") -> None:
        self._what = what
        self._tokens = self._split(text)
        self._at = 0
        self.comparisons: list[Comparison] = []
        self.matches: Test = self._expression() if self._tokens else lambda record: True
        if self._at < len(self._tokens):
            raise self._refuse(f"unexpected {self._tokens[self._at]!r}")

    def _split(self, text: str) -> list[str]:
        tokens, at = [], 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if not match:
                raise self._refuse(f"unexpected character at {at + 1}")
            tokens.append(match[0].strip())
            at = match.end()
        return tokens

    def _refuse(self, reason: str) -> ApiError:
        return invalid(f"Field {self._what} had an invalid value: {reason}.")

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._peek()
        if not token or (wanted and token != wanted):
            raise self._refuse(f"expected {wanted or 'a value'}, found {token or 'the end'}")
        self._at += 1
        return token

    def _expression(self) -> Test:
        """Terms joined by AND (also by mere juxtaposition) or by OR; a mix needs parentheses, as in the service."""
        tests, joins = [self._term()], set()
        while self._peek() not in ("", ")"):
            join = self._take() if self._peek() in ("AND", "OR") else "AND"
            joins.add(join)
            tests.append(self._term())
        if len(joins) > 1:
            raise self._refuse("AND and OR may not be mixed without parentheses")
        return _joined(tests, any_of=joins == {"OR"})

    def _term(self) -> Test:
        if self._peek() in ("NOT", "-"):
            self._at += 1
            inner = self._term()
            return lambda record: not inner(record)
        if self._peek() == "(":
            self._at += 1
            inner = self._expression()
            self._take(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        field, operator = self._take(), self._take()
        while self._peek() and field.endswith("."):
            field, operator = field + _unquoted(operator), self._take()
        if field.split(".", 1)[0] not in _ROOTS:
            raise self._refuse(f"{field!r} is no field to filter by")
        if operator not in _ORDER and operator != ":":
            raise self._refuse(f"{operator!r} is no comparison")
        value = self._take()
        if self._peek() == "(" and not value.startswith(('"', "'")):
            return self._function(field, operator, value)
        literal = _unquoted(value)
        self.comparisons.append(Comparison(field, operator, literal))
        if operator == ":":
            return lambda record: literal in _text(value_of(record, field))
        compare = _ORDER[operator]
        return lambda record: compare(*_comparable(value_of(record, field), literal))

    def _function(self, field: str, operator: str, name: str) -> Test:
        test = _FUNCTIONS.get(name)
        if test is None or operator not in ("=", "!="):
            raise self._refuse(f"{name}() is not supported with {operator}")
        self._take("(")
        values = [_unquoted(self._take())]
        while self._peek() == ",":
            self._at += 1
            values.append(_unquoted(self._take()))
        self._take(")")
        self.comparisons.append(Comparison(field, name, values[0]))
        positive = operator == "="
        return lambda record: test(_text(value_of(record, field)), values) == positive


_ROOTS = {
    *("metric", "resource", "metadata", "group", "project", "policy", "state", "name", "log", "severity", "enabled"),
    *("open_time", "openTime", "close_time", "closeTime", "display_name", "displayName", "user_labels", "userLabels"),
}
"""What selectors of time series, alerts and policies begin with."""

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}

_FUNCTIONS: dict[str, Callable[[str, list[str]], bool]] = {
    "starts_with": lambda text, values: text.startswith(values[0]),
    "ends_with": lambda text, values: text.endswith(values[0]),
    "has_substring": lambda text, values: values[0] in text,
    "one_of": lambda text, values: text in values,
    "monitoring.regex.full_match": lambda text, values: re2.fullmatch(values[0], text) is not None,
}


def value_of(record: Mapping[str, Any], field: str) -> Any:
    """The value at a dotted field: snake_case or camelCase, and `label` for `labels`; label keys are taken whole."""
    value: Any = record
    parts = field.split(".")
    for at, part in enumerate(parts):
        if not isinstance(value, Mapping):
            return None
        if part in ("label", "labels", "user_labels", "userLabels"):
            labels = value.get("labels" if part.startswith("label") else "userLabels", {})
            return labels.get(".".join(parts[at + 1 :]).strip('"')) if isinstance(labels, Mapping) else None
        value = value.get(part, value.get(_SNAKE.sub(lambda m: m[1].upper(), part)))
    return value


def _joined(tests: list[Test], *, any_of: bool) -> Test:
    if any_of:
        return lambda record: any(test(record) for test in tests)
    return lambda record: all(test(record) for test in tests)


def _unquoted(token: str) -> str:
    if token[:1] in ('"', "'"):
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    return token


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _comparable(held: Any, literal: str) -> tuple[Any, Any]:
    """Numbers as numbers, everything else as text."""
    if isinstance(held, (int, float)) and not isinstance(held, bool):
        try:
            return float(held), float(literal)
        except ValueError:
            return str(held), literal
    return _text(held), literal

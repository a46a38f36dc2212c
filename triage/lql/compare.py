"""What a comparison means for each type of value, as SQL.

A literal is converted to the type of the value; where it cannot be, the comparison is false, `!=` as well. `values` are
alternatives: the comparison holds when it holds with one of them.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from triage.lql import literals
from triage.lql.engine import Engine
from triage.lql.sql import COMPARISONS, FALSE, TRUE, Sql, any_of, begins, case, literal, negated, number, sure
from triage.lql.types import SEVERITIES, Kind, severity_number
from triage.model.filter import Operator, Value


class Comparisons:
    """Comparisons in an engine's dialect."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def typed(self, value: Sql, kind: Kind, operator: Operator, values: list[Value]) -> Sql:
        """A value of a known kind, but no timestamp."""
        values = [v for v in values if v.special != "null"] if operator != "!=" else values
        if operator == "!=" and any(v.special == "null" for v in values):
            return TRUE
        texts = [v.text for v in values]
        if kind is Kind.STRING or (kind is Kind.SEVERITY and operator in ("=~", "!~")):
            return self.strings(value, operator, texts)
        if kind is Kind.BOOL:
            return self.booleans(value, operator, [literals.boolean(text) for text in texts])
        if kind is Kind.SEVERITY:
            ranks = [(exp.EQ(this=value, expression=literal(name)), number(rank)) for name, rank in SEVERITIES.items()]
            return self.numbers(case(ranks, number(0)), operator, [severity_number(text) for text in texts])
        if kind is Kind.DURATION:
            return self.numbers(value, operator, [_seconds(literals.duration(text)) for text in texts])
        return self.numbers(value, operator, [literals.number(text) for text in texts])

    def strings(self, text: Sql, operator: Operator, values: list[str]) -> Sql:
        """Text: folded, but for patterns."""
        if operator in ("=~", "!~"):
            found = [self.engine.matches(text, pattern) for pattern in values]
            return any_of(found if operator == "=~" else [negated(term) for term in found])
        wanted_texts = [literals.fold(value) for value in dict.fromkeys(values)]
        folded = self.engine.fold(text, ascii_only=all(value.isascii() for value in values))
        if operator == ":":
            return any_of([self.engine.contains(folded, value) if value else TRUE for value in wanted_texts])
        wanted = [literal(value) for value in wanted_texts]
        if operator == "=" and len(wanted) > 1:
            return exp.In(this=folded, expressions=wanted)
        return any_of([COMPARISONS[operator](this=folded, expression=value) for value in wanted])

    def numbers(self, value: Sql, operator: Operator, wanted: Sequence[float | None]) -> Sql:
        """A number; a literal that is none compares with nothing."""
        comparison = COMPARISONS.get("=" if operator == ":" else operator)
        if comparison is None:
            return FALSE
        return any_of([comparison(this=value, expression=number(n)) for n in wanted if n is not None])

    def booleans(self, value: Sql, operator: Operator, wanted: Sequence[bool | None]) -> Sql:
        """A bool; a literal that is none compares with nothing."""
        comparison = COMPARISONS.get("=" if operator == ":" else operator)
        if comparison is None:
            return FALSE
        return any_of([comparison(this=value, expression=exp.Boolean(this=b)) for b in wanted if b is not None])

    def times(self, operator: Operator, values: list[Value], compare: Callable[[type[Any], int], Sql]) -> Sql:
        """A timestamp, by the engine's own way to compare it with an instant."""
        comparison = COMPARISONS.get("=" if operator == ":" else operator)
        if comparison is None:
            return FALSE
        if operator == "!=" and any(v.special == "null" for v in values):
            return TRUE
        instants = [literals.instant(v.text) for v in values if not v.special]
        return any_of([sure(compare(comparison, ns)) for ns in instants if ns is not None])

    def scalar(self, json: Sql, operator: Operator, values: list[Value]) -> Sql:
        """One JSON value against literals: compared as its own type, false where a literal cannot be of that type."""
        if operator == "!=" and any(v.special == "null" for v in values):
            return case([(exp.NEQ(this=json, expression=literal("null")), TRUE)])
        plain = [v for v in values if not v.special]
        text = self.strings(self.engine.string(json), operator, [v.text for v in plain])
        numbers = self.numbers(self.engine.to_number(json), operator, [literals.number(v.text) for v in plain])
        truth = exp.EQ(this=json, expression=literal("true"))
        booleans = self.booleans(exp.Paren(this=truth), operator, [literals.boolean(v.text) for v in plain])
        null = TRUE if len(plain) < len(values) and operator in ("=", ":") else FALSE
        return case(
            [
                (begins(json, '"'), text),
                (exp.EQ(this=json, expression=literal("null")), null),
                (exp.In(this=json, expressions=[literal("true"), literal("false")]), booleans),
                (negated(any_of([begins(json, "{"), begins(json, "[")])), sure(numbers)),
            ]
        )


def needed(values: list[Value]) -> str:
    """What every text contains that one of the values is found in; empty where a number may stand for it."""
    if len(values) > 1 or values[0].special or literals.number(values[0].text) is not None:
        return ""
    return literals.fold(values[0].text)


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9

"""Small pieces of SQL, as sqlglot expressions: the vocabulary that compiled filters are written in."""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

from sqlglot import exp

Sql: TypeAlias = Any
"""A sqlglot expression; the library has no types of its own."""

TRUE = exp.true()
FALSE = exp.false()
COMPARISONS = {"=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}


def literal(text: str) -> Sql:
    """A string literal."""
    return exp.Literal.string(text)


def call(name: str, *args: Sql) -> Sql:
    """A function call, spelt as it is."""
    return exp.Anonymous(this=name, expressions=list(args))


def cast(value: Sql, to: str) -> Sql:
    """CAST to one of DuckDB's types."""
    return exp.Cast(this=value, to=_type(to))


def try_cast(value: Sql, to: str) -> Sql:
    """CAST that gives NULL where it cannot be."""
    return exp.TryCast(this=value, to=_type(to))


@cache
def _type(name: str) -> Any:
    return exp.DataType.build(name, dialect="duckdb")


def case(branches: Sequence[tuple[Sql, Sql]], default: Sql = FALSE) -> Sql:
    """CASE WHEN … THEN … ELSE default END; branches that only repeat the default fall away."""
    kept = [(when, then) for when, then in branches if then is not default]
    if not kept:
        return default
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in kept], default=default)


def any_of(terms: Sequence[Sql]) -> Sql:
    """OR over any number of terms, as a tree of small depth."""
    if any(term is TRUE for term in terms):
        return TRUE
    return _balanced(exp.Or, [term for term in terms if term is not FALSE]) or FALSE


def all_of(terms: Sequence[Sql]) -> Sql:
    """AND over any number of terms, as a tree of small depth."""
    if any(term is FALSE for term in terms):
        return FALSE
    return _balanced(exp.And, [term for term in terms if term is not TRUE]) or TRUE


def negated(term: Sql) -> Sql:
    """NOT."""
    if term is TRUE or term is FALSE:
        return FALSE if term is TRUE else TRUE
    return exp.Not(this=exp.Paren(this=term))


def sure(term: Sql) -> Sql:
    """The boolean, false where it is NULL."""
    return term if term is TRUE or term is FALSE else exp.Coalesce(this=term, expressions=[FALSE])


def _balanced(kind: type[Any], terms: list[Sql]) -> Sql | None:
    if len(terms) < 2:
        return terms[0] if terms else None
    half = len(terms) // 2
    return exp.Paren(this=kind(this=_balanced(kind, terms[:half]), expression=_balanced(kind, terms[half:])))


def begins(json: Sql, first: str) -> Sql:
    """Whether JSON text begins with a character, which tells its type; NULL where there is no text."""
    return exp.StartsWith(this=json, expression=literal(first))


def is_null(value: Sql) -> Sql:
    """IS NULL."""
    return exp.Is(this=value, expression=exp.Null())


def is_there(value: Sql) -> Sql:
    """IS NOT NULL."""
    return exp.Not(this=is_null(value))


def number(value: float) -> Sql:
    """A number literal."""
    text = repr(float(value)) if value != int(value) or abs(value) > 2**53 else str(int(value))
    return exp.Literal.number(text)

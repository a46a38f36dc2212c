"""What a SQL dialect must be able to say for filters to be compiled to it.

An engine hands out *JSON text*: the canonical JSON of the value at a path (NULL where there is none). Its first
character tells the type, in every dialect alike.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeAlias

from triage.lql.sql import Sql, all_of
from triage.lql.types import Field

TOKENS = r'(?s)"(?:[^"\\]|\\.)*":?|-?[0-9][^,}\]]*|true|false'
"""Strings (with a `:` behind them where they are keys), numbers and bools of canonical JSON; a string is taken whole,
so that nothing inside it is mistaken for a token."""

Test: TypeAlias = Callable[[Sql], Sql]
"""Takes the JSON text of a value and gives a boolean about it."""


class Engine(ABC):
    """What differs between the dialects. Every boolean it gives is never NULL unless it says so."""

    @abstractmethod
    def json(self, field: Field) -> Sql:
        """The JSON text at a field, without looking into arrays; NULL where nothing is there."""

    @abstractmethod
    def nested(self, field: Field) -> Sql | None:
        """Whether the value lies in or behind an array, or is an object; None where it cannot."""

    @abstractmethod
    def any_value(self, field: Field, test: Test) -> Sql:
        """Whether a value at the field, arrays on the way and at its end opened, passes the test of its JSON text."""

    @abstractmethod
    def any_leaf(self, field: Field | None, test: Test, part: str) -> Sql:
        """Whether a string, number or bool anywhere below the field (None: the whole entry) passes the test.

        No leaf without `part` (folded text, may be empty) can pass: a hint for speed.
        """

    @abstractmethod
    def string(self, json: Sql) -> Sql:
        """The text that the JSON text of a string stands for."""

    @abstractmethod
    def fold(self, text: Sql, *, ascii_only: bool) -> Sql:
        """The text as comparisons see it. `ascii_only`: it is compared with ASCII literals alone."""

    def guarded(self, cheap: list[Sql], costly: list[Sql]) -> Sql:
        """All of both; the costly need not be looked at where the cheap do not hold."""
        return all_of(cheap + costly)

    @abstractmethod
    def contains(self, text: Sql, part: str) -> Sql:
        """Whether the text contains the part, as they are."""

    @abstractmethod
    def matches(self, text: Sql, pattern: str) -> Sql:
        """Whether RE2 finds the pattern in the text."""

    @abstractmethod
    def extract(self, text: Sql, pattern: str) -> Sql:
        """The first match's only group, NULL where there is no match."""

    @abstractmethod
    def to_number(self, text: Sql) -> Sql:
        """The text as a double, NULL where it is none."""

    @abstractmethod
    def typed(self, field: Field) -> Sql:
        """The value of a field of the LogEntry: text, double or bool by its kind, its default where it is not set.

        Severities are their names; durations are seconds.
        """

    @abstractmethod
    def present(self, field: Field) -> Sql:
        """Whether the field is explicitly set."""

    @abstractmethod
    def compare_time(self, field: Field, comparison: type[Any], ns: int) -> Sql:
        """A timestamp field against an instant. NULL where the entry's time is malformed."""

    @abstractmethod
    def time_text(self, field: Field, zone: str) -> Sql:
        """A timestamp field as `2018-06-08 13:20:05.123456` in a time zone."""

    @abstractmethod
    def to_time(self, text: Sql, comparison: type[Any], ns: int) -> Sql:
        """RFC 3339 text against an instant, NULL where it is none."""

    @abstractmethod
    def in_net(self, text: Sql, net: str) -> Sql:
        """Whether the text is an address or range within the subnet."""

    @abstractmethod
    def sampled(self, text: Sql, fraction: float) -> Sql:
        """Whether the text's hash falls below the fraction: the same in every dialect."""

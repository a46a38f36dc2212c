"""The table: rule → its witnesses."""

from collections.abc import Callable

Witness = Callable[[], None]
"""Tells an incident and asserts what is right about it."""

WITNESSES: dict[str, list[Witness]] = {}


def witness(rule: str) -> Callable[[Witness], Witness]:
    """The decorated function is a witness of the rule, named as in `benchmarks.rules`."""

    def keep(tell: Witness) -> Witness:
        WITNESSES.setdefault(rule, []).append(tell)
        return tell

    return keep

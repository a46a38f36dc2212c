"""Walks every string of an incident: once to make it harmless, once to redact it."""

from enum import Enum
from typing import Any, Protocol, TypeVar

from triage.model.base import Model
from triage.model.incident import Incident, Line
from triage.render.escape import visible

M = TypeVar("M", bound=Model)
Mark = tuple[int, int]

_LONG = {
    "message": 2_000,
    "patch": 20_000,
    "filter": 20_000,
    "query": 20_000,
    "command": 4_000,
    "run": 4_000,
    "description": 2_000,
}
_URLS = {"url": 8_000, "console_url": 8_000, "query_url": 8_000}
_PROSE = 1_000
_LINES = {"patch", "filter", "query", "description"}
_NAMES = {
    "node",
    "node_pool",
    "zone",
    "instance_id",
    "signal",
    "signals",
    "chain",
    "planned",
    "stream",
    "check",
    "cause",
    "effect",
    "insert_id",
    "policy",
    "service",
    "title",
    "name",
    "workload",
    "variants",
    "metric",
}


class Change(Protocol):
    """What is done to each string of an incident."""

    def text(self, field: str, text: str) -> str:
        """The new text of a string that stands in that field."""

    def mark(self, message: str, mark: Mark) -> Mark | None:
        """Where the marked part of a line's message lies in the new text; None where that can't be told."""


class _Harmless:
    """Nothing hidden, everything bounded."""

    def text(self, field: str, text: str) -> str:
        """The text with hidden characters written out, as long as its field may be."""
        limit = _LONG.get(field) or _URLS.get(field) or (300 if field in _NAMES else _PROSE)
        return visible(text, limit, lines=field in _LINES)

    def mark(self, message: str, mark: Mark) -> Mark | None:
        """The mark moved along with what was written out before it."""
        start, end = mark
        if not 0 <= start < end <= len(message):
            return None
        whole = self.text("message", message)
        before, upto = self.text("message", message[:start]), self.text("message", message[:end])
        return (len(before), len(upto)) if whole.startswith(upto) and upto.startswith(before) else None


def clean(incident: Incident) -> Incident:
    """The same incident with nothing hidden and everything bounded: control and bidi characters written out."""
    return rewrite(incident, _Harmless())


def rewrite(model: M, change: Change) -> M:
    """A copy of `model` with `change` applied to every string in it, at any depth; the marks of lines follow along."""
    update: dict[str, Any] = {}
    for field in type(model).model_fields:
        value = getattr(model, field)
        new = _rewritten(field, value, change)
        if new is not value:
            update[field] = new
    if isinstance(model, Line) and model.mark:
        update["mark"] = change.mark(model.message, model.mark)
    return model.model_copy(update=update) if update else model


def _rewritten(field: str, value: Any, change: Change) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, Enum) else change.text(field, value)
    if isinstance(value, Model):
        return rewrite(value, change)
    if isinstance(value, tuple) and value and isinstance(value[0], str | Model):
        return tuple(_rewritten(field, item, change) for item in value)
    return value

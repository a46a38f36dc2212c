"""The JSON report, and the schema that it obeys.

The schema is made from the model's classes, in the form that is written (every key present), and narrowed where the
contract says more than a Python type can: the shape of times, signal ids and workload names.

It is kept as `reports/incident.schema.json`; `python -m tests.render.golden` writes it anew.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

from triage.model.base import Model
from triage.model.incident import Incident

if TYPE_CHECKING:
    from triage.render.redact import Replaced

SCHEMA_FILE = "incident.schema.json"

_NUMBERS = re.compile(r"\[\n\s+-?[\d.eE+-]+(?:,\n\s+-?[\d.eE+-]+)*\n\s*\]")
"""An array of numbers as pydantic indents it; no string of a JSON text holds a line end, so none can match."""
_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$"
_ID = r"^[a-z][a-z0-9-]*$"
_WORKLOAD = r"^[^/]+/[^/]+$"
_PATTERNS = {
    ("Verdict", "cause"): _ID, ("Verdict", "chain"): _ID, ("Cause", "signal"): _ID, ("Episode", "cause"): _ID,
    ("OccurrenceSummary", "signal"): _ID, ("Finding", "check"): _ID, ("ChainLink", "cause"): _ID,
    ("ChainLink", "effect"): _ID, ("Rival", "signal"): _ID, ("SignalInfo", "id"): _ID, ("Marks", "signal"): _ID,
    ("Verdict", "workload"): _WORKLOAD, ("Suspect", "name"): _WORKLOAD, ("Episode", "workload"): _WORKLOAD,
}  # fmt: skip
_FILLED = {
    ("Cluster", "name"), ("Verdict", "title"), ("Verdict", "summary"), ("Episode", "node"), ("Alert", "id"),
    ("Finding", "message"), ("Gap", "source"), ("Gap", "reason"), ("Provenance", "version"),
}  # fmt: skip
_LEAST = {
    ("Cause", "episodes_explained"), ("Cause", "episodes_total"), ("Alert", "episode"), ("Alignment", "alerts"),
    ("Alignment", "aligned"), ("OccurrenceSummary", "count"), ("QueryRecord", "requests"), ("QueryRecord", "entries"),
}  # fmt: skip
_SHARES = {("Cause", "q_value"), ("Alignment", "p_value"), ("Suspect", "q_value")}
_NAMED_CAUSE = {
    "if": {"properties": {"verdict": {"properties": {"confidence": {"enum": ["confirmed", "likely", "possible"]}}}}},
    "then": {
        "properties": {
            "verdict": {"properties": {"cause": {"type": "string"}, "chain": {"minItems": 1}}},
            "causes": {"minItems": 1},
        }
    },
    "else": {
        "properties": {
            "verdict": {"properties": {k: {"type": "null"} for k in ("cause", "workload")} | {"chain": {"maxItems": 0}}}
        }
    },
}


class Placeholders(Model):
    """How much of one kind redaction replaced."""

    kind: str
    values: int
    places: int


class Redaction(Model):
    """Whether strings of this report were replaced by placeholders, and how many."""

    applied: bool
    replaced: tuple[Placeholders, ...]


class Report(Incident):
    """The incident, and what was done to it before it was written."""

    redaction: Redaction


def json_report(incident: Incident, replaced: "Sequence[Replaced]" = (), *, redacted: bool) -> str:
    """The incident as JSON, two spaces deep; arrays of numbers, which are long, stand on one line."""
    counted = tuple(Placeholders(kind=one.kind, values=one.values, places=one.places) for one in replaced)
    parts = {name: getattr(incident, name) for name in Incident.model_fields}
    report = Report.model_construct(**parts, redaction=Redaction(applied=redacted, replaced=counted))
    text = report.model_dump_json(indent=2, by_alias=True)
    return _NUMBERS.sub(lambda found: "".join(found[0].split()), text) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report."""
    made = Report.model_json_schema(mode="serialization", by_alias=True)
    definitions = made.get("$defs", {})
    for model in _models(Report, set()):
        described = made if model is Report else definitions.get(model.__name__, {})
        described["required"] = list(described["properties"])
        for field, info in model.model_fields.items():
            _narrow(described["properties"][info.alias or field], model.__name__, field, info.annotation)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": "JSON report of triage",
        "allOf": [_NAMED_CAUSE],
    }


def _models(model: type[Model], seen: set[type[Model]]) -> Iterator[type[Model]]:
    if model in seen:
        return
    seen.add(model)
    yield model
    for info in model.model_fields.values():
        for kind in _leaves(info.annotation):
            if isinstance(kind, type) and issubclass(kind, Model):
                yield from _models(kind, seen)


def _leaves(annotation: Any) -> Iterator[Any]:
    inner = get_args(annotation)
    if not inner:
        yield annotation
    for one in inner:
        yield from _leaves(one)


def _narrow(described: dict[str, Any], model: str, field: str, annotation: Any) -> None:
    key = (model, field)
    strings, numbers = (
        list(_of_type(described, "string")),
        [*_of_type(described, "integer"), *_of_type(described, "number")],
    )
    pattern = _TIME if datetime in set(_leaves(annotation)) else _PATTERNS.get(key)
    for one in strings:
        one.update({"pattern": pattern} if pattern else {})
        one.update({"minLength": 1} if key in _FILLED else {})
    for one in numbers:
        one.update({"minimum": 0} if key in _LEAST or key in _SHARES else {})
        one.update({"maximum": 1} if key in _SHARES else {})


def _of_type(described: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """The parts of a field's schema that describe a value of that type: itself, its alternatives, its items."""
    if described.get("type") == kind:
        yield described
    for inner in [*described.get("anyOf", []), *([described["items"]] if "items" in described else [])]:
        yield from _of_type(inner, kind)


def schema_text() -> str:
    """The schema as it is kept in `reports/`."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"

"""Every field of an incident that holds text, found by walking the model: what evidence can carry into a report."""

from collections import defaultdict
from collections.abc import Iterator
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from triage.model.base import Model
from triage.model.incident import Incident


def text_fields(model: type[Model] = Incident, path: str = "") -> Iterator[str]:
    """Where free text stands in a model: `causes[].evidence[].message`. Enums and literals hold none."""
    for name, field in model.model_fields.items():
        yield from _of(field.annotation, f"{path}.{name}" if path else name)


def _of(kind: Any, path: str) -> Iterator[str]:
    if get_origin(kind) is Literal or kind in (NoneType, Ellipsis):
        return
    if get_args(kind):
        inner = f"{path}[]" if get_origin(kind) in (tuple, list, dict) else path
        seen = dict.fromkeys(found for one in get_args(kind) for found in _of(one, inner))
        yield from seen
    elif isinstance(kind, type) and issubclass(kind, Model):
        yield from text_fields(kind, path)
    elif isinstance(kind, type) and issubclass(kind, str) and not issubclass(kind, Enum):
        yield path


def literal_fields(model: type[Model] = Incident) -> set[str]:
    """The names of fields whose strings are the program's own words."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        kinds = _leaves(field.annotation)
        found |= {name for kind in kinds if get_origin(kind) is Literal}
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, Model):
                found |= literal_fields(kind)
    return found


def _leaves(kind: Any) -> list[Any]:
    if get_origin(kind) is Literal or not get_args(kind):
        return [kind]
    return [leaf for one in get_args(kind) for leaf in _leaves(one)]


def texts(model: Model, path: str = "") -> dict[str, set[str]]:
    """The texts that an incident holds, by field."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in type(model).model_fields:
        _collect(getattr(model, name), f"{path}.{name}" if path else name, found)
    return found


def _collect(value: Any, path: str, found: defaultdict[str, set[str]]) -> None:
    if isinstance(value, Model):
        for inner, held in texts(value, path).items():
            found[inner] |= held
    elif isinstance(value, tuple):
        for one in value:
            _collect(one, f"{path}[]", found)
    elif isinstance(value, str) and not isinstance(value, Enum) and value:
        found[path].add(value)

"""What is wrong with a signal file, each fault with its place: `file:line:column: what  @ $.path`."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

Trail = tuple[str | int, ...]
"""Keys and indexes from a file's root to a value: `("detect", 1, "filter")`."""


@dataclass(frozen=True)
class Fault:
    """One thing that does not hold, and where it stands; line and column count from one."""

    file: str
    line: int
    column: int
    what: str
    trail: Trail = ()

    def __str__(self) -> str:
        """The line that the author sees."""
        place = f"{self.file}:{self.line}:{self.column}: {self.what}"
        return f"{place}  @ {dotted(self.trail)}" if self.trail else place


def dotted(trail: Trail) -> str:
    """`("detect", 1, "filter")` as `$.detect[1].filter`."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in trail)


def shown(path: Path) -> str:
    """A file's name as its author knows it: relative to the current directory where it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean `within`?)` for a near miss, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""


def model_faults(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Trail, str]]:
    """Each of pydantic's complaints as its trail and a sentence; unknown keys say what may have been meant."""
    for problem in error.errors(include_url=False, include_input=True):
        trail = tuple(step for step in problem["loc"] if not (isinstance(step, str) and "(" in step))
        yield trail, _sentence(problem, trail, model)


def _sentence(problem: Any, trail: Trail, model: type[BaseModel]) -> str:
    name = str(trail[-1]) if trail else "the file"
    match problem["type"]:
        case "extra_forbidden":
            holder = next((step for step in reversed(trail[:-1]) if isinstance(step, str)), None)
            where = f" of {holder}" if holder else ""
            what = f"is not a field{where}{did_you_mean(name, _fields_at(model, trail[:-1]))}"
        case "missing":
            what = "is missing"
        case "enum":
            expected = problem["ctx"]["expected"].replace("'", "`")
            what = f"is {expected}{did_you_mean(str(problem['input']), expected.split('`')[1::2])}"
        case "string_pattern_mismatch":
            what = "is written in lower case with hyphens, such as `pid-exhaustion`"
        case "string_too_long":
            what = f"has {len(problem['input'])} characters, {problem['ctx']['max_length']} at most"
        case "string_too_short" | "too_short":
            what = "is empty"
        case _:
            message = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            what = f"is wrong: {'expected ' if message.startswith(('a ', 'an ')) else ''}{message}"
    return f"`{name}` {what}"


def _fields_at(model: type[BaseModel], trail: Trail) -> list[str]:
    """The names that may be written where `trail` leads to."""
    for step in trail:
        if isinstance(step, int):
            continue
        found = next((f for n, f in model.model_fields.items() if step in (n, f.alias)), None)
        inner = _model_in(found.annotation) if found else None
        if inner is None:
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside `tuple[Model, ...]` or `Model | None`, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, Union, UnionType):
        return next((inner for arg in get_args(annotation) if (inner := _model_in(arg))), None)
    return None

"""YAML files with the place of every value, so that a fault can say where it stands.

A small part of YAML 1.2's core schema: texts, whole numbers, decimals, `true`, `false`, `null`; anchors and merge keys
(`<<`) work. `yes`, `on`, dates and the like stay the text that they are. Keys that stand twice are faults.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from triage.signals.faults import Fault, Trail, shown

MAX_BYTES = 1_000_000
"""A signal file is a page or two; something this long is none."""
MAX_NODES = 50_000
"""Values in one file with all anchors laid out: bounds what a nest of aliases can grow to."""
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_MERGE = "tag:yaml.org,2002:merge"
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # libyaml's, where PyYAML was built with it
    """Tells no types apart but merge keys: `_scalar` does, by the few rules above, and these take half the time."""

    def descend_resolver(self, *_: Any) -> None:
        """Types do not hang on the place."""

    def ascend_resolver(self) -> None:
        """Types do not hang on the place."""

    def resolve(self, _kind: Any, value: Any, implicit: Any) -> str:
        """The tag of a node that has none: `implicit` says whether a scalar stands there without quotes."""
        return _MERGE if value == "<<" and implicit[0] else ""


@dataclass
class Document:
    """One file: its plain value, and where each part of it stands."""

    path: Path
    value: Any = None
    faults: list[Fault] = field(default_factory=list)
    text: str = field(default="", repr=False)
    """What the file holds; empty where it is no YAML."""

    @cached_property
    def root(self) -> Any:
        """The node of the whole file, None where it is empty: made again when a fault is to be placed.

        Most files have none, and tens of thousands of nodes that lie about are what Python's collector walks through.
        """
        return yaml.compose(self.text, Loader=_Loader)

    def fault(self, trail: Trail, what: str, *, key: bool = False, line: int = 1, column: int = 1) -> Fault:
        """A fault at `trail` (or at its key), or at the nearest thing above that stands in the file.

        `line` and `column` count inside the text that stands at `trail`. A list or mapping stands where its key does.
        """
        if self.root is None:
            return Fault(shown(self.path), 1, 1, what, trail)
        reached, key_node, node = _walked(self.root, trail)
        if reached < len(trail):
            key = False
        elif isinstance(node, yaml.ScalarNode) and (line, column) != (1, 1):
            return Fault(shown(self.path), *_inside(node, line, column), what, trail)
        at_key = key_node is not None and (key or not isinstance(node, yaml.ScalarNode))
        mark = (key_node if at_key else node).start_mark
        return Fault(shown(self.path), mark.line + 1, mark.column + 1, what, trail)


def _walked(root: Any, trail: Trail) -> tuple[int, Any, Any]:
    """How many steps of the trail lead somewhere; the key (None in lists) and the node where the last of them ends."""
    key_node, node = None, root
    for count, step in enumerate(trail):
        found = _below(node, step)
        if found is None:
            return count, key_node, node
        key_node, node = found
    return len(trail), key_node, node


def _below(node: Any, step: str | int) -> tuple[Any, Any] | None:
    """The key's node, if any, and the value's; what a mapping says itself comes before what it merges."""
    if isinstance(node, yaml.SequenceNode):
        return (None, node.value[step]) if isinstance(step, int) and step < len(node.value) else None
    if not isinstance(node, yaml.MappingNode):
        return None
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value == step and key.tag != _MERGE:
            return key, value
    merged = (_below(value, step) for key, value in node.value if key.tag == _MERGE)
    return next((found for found in merged if found is not None), None)


def _inside(node: Any, line: int, column: int) -> tuple[int, int]:
    """Where a line and column of a scalar's text stand in the file; folded texts keep only their start."""
    start = node.start_mark
    if node.style == "|":
        return start.line + 1 + line, column  # the text starts a line below its `|`, at some indent
    quoted = 1 if node.style in ("'", '"') else 0
    if line == 1 and start.line == node.end_mark.line:
        return start.line + 1, start.column + column + quoted
    return start.line + 1, start.column + 1


def read_document(path: Path) -> Document:
    """The file as a Document; what is wrong with it as YAML is in `faults`, and the value then None."""
    document = Document(path)
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            document.faults.append(document.fault((), f"{len(raw)} bytes, {MAX_BYTES} at most"))
            return document
        text = raw.decode("utf-8")
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = "no YAML: " + " ".join(part for part in (error.problem, error.context) if part)
        document.faults.append(Fault(shown(path), line, column, what))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        document.faults.append(Fault(shown(path), 1, 1, f"no YAML: {str(error).splitlines()[0]}"))
    except RecursionError:
        document.faults.append(Fault(shown(path), 1, 1, "nested too deeply"))
    except OSError as error:
        document.faults.append(Fault(shown(path), 1, 1, f"cannot be read: {error.strerror}"))
    else:
        document.text = text
        _fill(document, root)
    return document


def _fill(document: Document, root: Any) -> None:
    try:
        document.value = _Plain(document).value(root) if root is not None else None
    except (OverflowError, RecursionError):
        document.value = None
        document.faults.append(document.fault((), "too many or too deeply nested values"))


class _Plain:
    """From YAML nodes to plain values."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0
        self.trail: list[str | int] = []
        """Where the walk is."""

    def value(self, node: Any) -> Any:
        self.count += 1
        if self.count > MAX_NODES:
            raise OverflowError
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.below(index, item) for index, item in enumerate(node.value)]
        return self.mapping(node)

    def below(self, step: str | int, node: Any) -> Any:
        self.trail.append(step)
        found = self.value(node)
        self.trail.pop()
        return found

    def mapping(self, node: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                self.complain(key_node, "a key must be a word")
            elif key_node.tag == _MERGE:
                merged = self.merged(value_node)
            elif key in found:
                self.complain(key_node, f"`{key}` stands here twice", key)
            else:
                found[key] = self.below(key, value_node)
        return merged | found

    def merged(self, node: Any) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            self.complain(node, "`<<` merges one mapping")
            return {}
        found: dict[str, Any] = self.value(node)
        return found

    def complain(self, node: Any, what: str, *below: str) -> None:
        mark = node.start_mark
        trail = (*self.trail, *below)
        self.document.faults.append(Fault(shown(self.document.path), mark.line + 1, mark.column + 1, what, trail))


def _scalar(node: Any) -> Any:
    text = node.value
    if node.style:  # quoted, or a block
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789.+-":
        if _INTEGER.fullmatch(text):
            return int(text) if len(text) < 20 else text
        if _DECIMAL.fullmatch(text):
            return float(text)
    return text

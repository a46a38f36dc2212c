"""YAML files with the place of every value, so that a fault can say where it stands.

A small part of YAML 1.2's core schema: texts, whole numbers, decimals, `true`, `false`, `null`; anchors and merge keys
(`<<`) work. `yes`, `on`, dates and the like stay the text that they are. Keys that stand twice are faults.
"""

import re
from dataclasses import dataclass, field
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
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Document:
    """One file: its plain value, and where each part of it stands."""

    path: Path
    value: Any = None
    faults: list[Fault] = field(default_factory=list)
    nodes: dict[Trail, Any] = field(default_factory=dict, repr=False)
    """The YAML node of each value; of a list or mapping under a key, the key's."""
    keys: dict[Trail, Any] = field(default_factory=dict, repr=False)

    def fault(self, trail: Trail, what: str, *, key: bool = False, line: int = 1, column: int = 1) -> Fault:
        """A fault at `trail` (or at its key), or at the nearest thing above that stands in the file.

        `line` and `column` count inside the text that stands at `trail`.
        """
        if key and trail in self.keys:
            return self._fault(self.keys[trail], what, trail)
        known = trail
        while known not in self.nodes and known:
            known = known[:-1]
        node = self.nodes.get(known)
        if node is None:
            return Fault(shown(self.path), 1, 1, what, trail)
        if known == trail and isinstance(node, yaml.ScalarNode) and (line, column) != (1, 1):
            return Fault(shown(self.path), *_inside(node, line, column), what, trail)
        return self._fault(node, what, trail)

    def _fault(self, node: Any, what: str, trail: Trail) -> Fault:
        return Fault(shown(self.path), node.start_mark.line + 1, node.start_mark.column + 1, what, trail)


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
        root = yaml.compose(raw.decode("utf-8"), Loader=_Loader)
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
        _fill(document, root)
    return document


def _fill(document: Document, root: Any) -> None:
    try:
        document.value = _Plain(document).value(root, ()) if root is not None else None
    except (OverflowError, RecursionError):
        document.value = None
        document.faults.append(document.fault((), "too many or too deeply nested values"))


class _Plain:
    """From YAML nodes to plain values, noting where each stands."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0

    def value(self, node: Any, trail: Trail) -> Any:
        self.count += 1
        if self.count > MAX_NODES:
            raise OverflowError
        self.document.nodes.setdefault(trail, node)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*trail, index)) for index, item in enumerate(node.value)]
        return self.mapping(node, trail)

    def mapping(self, node: Any, trail: Trail) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                self.complain(trail, key_node, "a key must be a word")
            elif key_node.tag == "tag:yaml.org,2002:merge":
                merged = self.merged(value_node, trail)
            elif key in found:
                self.complain((*trail, key), key_node, f"`{key}` stands here twice")
            else:
                self.document.keys[(*trail, key)] = key_node
                if not isinstance(value_node, yaml.ScalarNode):
                    self.document.nodes[(*trail, key)] = key_node
                found[key] = self.value(value_node, (*trail, key))
        return merged | found

    def merged(self, node: Any, trail: Trail) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            self.complain(trail, node, "`<<` merges one mapping")
            return {}
        return self.mapping(node, trail)

    def complain(self, trail: Trail, node: Any, what: str) -> None:
        mark = node.start_mark
        self.document.faults.append(
            Fault(shown(self.document.path), mark.line + 1, mark.column + 1, what, trail),
        )


def _scalar(node: Any) -> Any:
    text = node.value
    if node.style is not None and node.style in ("'", '"', "|", ">"):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789.+-":
        if _INTEGER.fullmatch(text):
            return int(text) if len(text) < 20 else text
        if _DECIMAL.fullmatch(text):
            return float(text)
    return text

"""What a raw line of JSON must hold to have a chance: patterns over bytes for a matcher of many patterns (Hyperscan).

`Necessary` says it of an entry; here it is said of the line that the entry lies in, before anything is parsed. A line
may write a text in other ways than the plain one, so lines that use such ways pass, too: characters that fold to ASCII
(as UTF-8 or escaped), escapes of letters that no writer of JSON needs, and texts that are lists of their bytes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from triage.lql.prefilter import FOLDING, SAFE, Necessary, operand, shortest
from triage.lql.types import SEVERITIES, Kind, resolve, severity_number
from triage.model.filter import And, Call, Node, Or, Path, Restriction, Value

_WORD = re.compile(r"[a-z_]{3,8}")
_DOMAIN = re.compile(r"[a-z0-9\-]+(?:\.[a-z0-9\-]+)+")
_NUMBERLIKE = re.compile(r"[-+]?[0-9]*\.?[0-9]*(?:e[-+]?[0-9]*)?")
_NOT_A_KEY = r'(?:[^"]|"[^:])'
_NOT_IN_A_KEY = r'[^"\\\n]*(?:\\|"\s*[^:\s])'
"""The rest of a string that is no key of an object, as far as its first escape."""
# \u0020 to \u007e, but for what writers do escape: " & ' / < = > \
_NEEDLESS_ESCAPE = r"\\u00(?:2[013-58-e]|3[0-9abf]|[46][0-9a-f]|5[0-9abd-f]|7[0-9a-e])"
_BYTES = r'"message"\s*:\s*\[\s*[0-9]'
"""A text of the journal that its reader will spell out (`triage.sources.files.journal`)."""
_CLOSED = '"'
_SHORTEST = 3


def line_patterns(condition: Necessary) -> tuple[str, ...] | None:
    """Patterns of which one is found in every line whose entry may fulfil the condition.

    They are for bytes, in any letter case, in the syntax that PCRE and Hyperscan share, and are found inside the line.
    None where a line cannot tell. Keys of objects are not looked at: no filter asks for what stands in them.
    """
    if not condition.narrows:
        return None
    found = _literals(condition.literals or ())
    patterns = _any([found, *(_head(head.root, head.text) for head in condition.head)])
    if patterns is None:
        return None
    return (*sorted(patterns), _folding_bytes(), _folding_escapes(), _NEEDLESS_ESCAPE, _BYTES)


def _literals(texts: Iterable[str]) -> set[str] | None:
    found = shortest(texts)
    if any(_NUMBERLIKE.fullmatch(text) for text in found):
        return None  # 5e2 is the number 500, too
    return {re.escape(text) + _following(text) for text in found}


def _following(text: str) -> str:
    if _DOMAIN.fullmatch(text):  # every entry of a container has a label `compute.googleapis.com/resource_name`
        return _NOT_IN_A_KEY
    return _NOT_A_KEY if _WORD.fullmatch(text) else ""


def _head(node: Node | None, text: str) -> set[str] | None:
    """What a condition on logName, resource.type and severity asks of the line; None where it is not known."""
    match node:
        case And(terms):
            # A log's name is the rarest of the three; half of all lines share a resource type.
            known = [found for found in (_head(term, text) for term in terms) if found is not None]
            return max(known, key=_telling, default=None)
        case Or(terms):
            return _any(_head(term, text) for term in terms)
        case Call("log_id", (Value(name),)):
            return _log_id(name)
        case Restriction(Path() as path, operator, right):
            field = resolve(path, text)
            if field.kind is Kind.SEVERITY:
                return _severities(operator, right)
            literals = operand(operator, right).literals
            return _literals(literals) if literals else None
        case _:
            return None


def _telling(patterns: set[str]) -> tuple[bool, int]:
    return any(pattern.endswith(_CLOSED) for pattern in patterns), -len(patterns)


def _any(alternatives: Iterable[set[str] | None]) -> set[str] | None:
    joined: set[str] = set()
    for found in alternatives:
        if found is None:
            return None
        joined |= found
    return joined


def _log_id(name: str) -> set[str] | None:
    """The end of the log's name; in names the id is URL-encoded, filters may say it either way."""
    encoded = name if "%" in name else quote(name, safe="")
    last = re.split(r"/|%2f", encoded.lower())[-1]
    return {f"(?:/|%2f){re.escape(last)}{_CLOSED}"} if len(last) >= _SHORTEST and SAFE.fullmatch(last) else None


def _severities(operator: str, right: Node) -> set[str] | None:
    match right:
        case And(terms):
            return next(filter(None, (_severities(operator, term) for term in terms)), None)
        case Or(terms):
            return _any(_severities(operator, term) for term in terms)
        case Value(text, ""):
            level = severity_number(text)
        case _:
            return None
    if level is None or operator not in ("=", ":", ">", ">="):
        return None
    least, most = (level, level) if operator in ("=", ":") else (level + (operator == ">"), max(SEVERITIES.values()))
    names = [name.lower() for name, number in SEVERITIES.items() if least <= number <= most]
    if "default" in names:
        return None  # which is what an entry without severity has
    return {rf'"severity"\s*:\s*"(?:{"|".join(names)})'} if names else None


def _code_points() -> Iterable[int]:
    for span in FOLDING.split():
        first, _, last = span.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def _folding_bytes() -> str:
    """Characters beyond ASCII that fold to ASCII or to nothing, as UTF-8; beyond the first plane, blocks of 64."""
    return _tree({chr(point).encode()[:3] for point in _code_points()})


def _folding_escapes() -> str:
    """The same as JSON escapes; beyond the first plane, every character that shares the first of its two escapes."""
    units = {point if point < 0x10000 else 0xD800 + ((point - 0x10000) >> 10) for point in _code_points()}
    return r"\\u" + _tree({f"{unit:04x}".encode() for unit in units})


def _tree(texts: Iterable[bytes]) -> str:
    """One pattern for many byte strings, none the start of another: what begins alike stands there once."""
    rests: dict[int, list[bytes]] = defaultdict(list)
    for text in texts:
        rests[text[0]].append(text[1:])
    alike: dict[str, list[int]] = defaultdict(list)
    for first, following in rests.items():
        alike[_tree(following) if following[0] else ""].append(first)
    return _joined(_class(firsts) + rest for rest, firsts in alike.items())


def _class(values: Sequence[int]) -> str:
    spans: list[tuple[int, int]] = []
    for value in sorted(values):
        if spans and spans[-1][1] == value - 1:
            spans[-1] = (spans[-1][0], value)
        else:
            spans.append((value, value))
    return "[" + "".join(f"\\x{low:02x}-\\x{high:02x}" for low, high in spans) + "]"


def _joined(alternatives: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(alternatives))})"

"""What a filter means, written as plainly as it can be: Python over dicts, no SQL. For tests alone.

It shares the parser with the engines, and nothing else: field types, folding, conversions and the walk through arrays
are written anew from the language's description.
"""

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import re2

from triage.model.filter import And, Anywhere, Call, Filter, Not, Or, Path, Restriction, Value

Entry = Mapping[str, Any]

_RANKS = {
    "DEFAULT": 0,
    "DEBUG": 100,
    "INFO": 200,
    "NOTICE": 300,
    "WARNING": 400,
    "ERROR": 500,
    "CRITICAL": 600,
    "ALERT": 700,
    "EMERGENCY": 800,
}
_HTTP = "requestMethod requestUrl userAgent remoteIp serverIp referer protocol"
_STRINGS = {
    *("logName", "insertId", "textPayload", "trace", "spanId", "resource.type", "operation.id", "operation.producer"),
    *("sourceLocation.file", "sourceLocation.function", "split.uid"),
    *(f"httpRequest.{name}" for name in _HTTP.split()),
}
_BOOLS = {
    *("traceSampled", "operation.first", "operation.last", "httpRequest.cacheLookup", "httpRequest.cacheHit"),
    "httpRequest.cacheValidatedWithOriginServer",
}
_NUMBERS = {
    *("httpRequest.status", "httpRequest.requestSize", "httpRequest.responseSize", "httpRequest.cacheFillBytes"),
    *("sourceLocation.line", "split.index", "split.totalSplits"),
}
_TIMES = {"timestamp", "receiveTimestamp"}
_MESSAGES = {"resource", "httpRequest", "operation", "sourceLocation", "split"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def matches(filter: Filter, entry: Entry) -> bool:  # noqa: A002
    """Whether the filter matches the entry."""
    return filter.root is None or _node(filter.root, entry)


def _node(node: Any, entry: Entry) -> bool:
    match node:
        case And(terms):
            return all(_node(term, entry) for term in terms)
        case Or(terms):
            return any(_node(term, entry) for term in terms)
        case Not(term):
            return not _node(term, entry)
        case Anywhere(text):
            return text == "" or any(_dynamic(leaf, ":", Value(text)) for leaf in _searched(entry))
        case Call():
            return _predicate(node, entry)
        case Restriction(left, operator, right):
            return _operand(left, operator, right, entry)
    raise TypeError(node)


def _operand(left: Path | Call, operator: str, right: Any, entry: Entry) -> bool:
    match right:
        case And(terms):
            return all(_operand(left, operator, term, entry) for term in terms)
        case Or(terms):
            return any(_operand(left, operator, term, entry) for term in terms)
        case Not(term):
            return not _operand(left, operator, term, entry)
    return _compare(left, operator, right, entry)


def _compare(left: Path | Call, operator: str, value: Value, entry: Entry) -> bool:
    if isinstance(left, Call):
        return _derived(left, operator, value, entry)
    name = ".".join(left.parts)
    if name in _STRINGS | _BOOLS | _NUMBERS | _TIMES | _MESSAGES | {"severity", "httpRequest.latency"}:
        return _fixed(name, _plain(entry, left.parts), operator, value)
    found = list(_values(entry, left.parts))
    if operator == ":" and (value.special == "any" or not value.text):
        return bool(found)
    if operator == ":":
        return any(_dynamic(leaf, ":", value) for item in found for leaf in _leaves(item, nulls=True))
    return any(_dynamic(item, operator, value) for outer in found for item in _opened(outer))


def _fixed(name: str, raw: Any, operator: str, value: Value) -> bool:
    """A field that every LogEntry has, set or not."""
    if value.special == "any":
        return raw is not None
    if name in _MESSAGES:
        return operator == ":" and any(_dynamic(leaf, ":", value) for leaf in _leaves(raw))
    if value.special == "null":
        return operator == "!="
    return _typed(name, raw, operator, value.text)


def _typed(name: str, raw: Any, operator: str, text: str) -> bool:
    if name in _STRINGS or (name == "severity" and operator in ("=~", "!~")):
        return _strings(raw or ("DEFAULT" if name == "severity" else ""), operator, text)
    if name == "severity":
        rank = int(text) if text.isdigit() else _RANKS[text.upper()]
        return _ordered(_RANKS[raw or "DEFAULT"], operator, rank)
    if name in _BOOLS:
        wanted = {"true": True, "false": False}.get(text.lower())
        return wanted is not None and _ordered(bool(raw), operator, wanted)
    if name in _NUMBERS:
        return _ordered(float(raw or 0), operator, _number(text))
    convert = _seconds if name == "httpRequest.latency" else _nanoseconds
    return _ordered(convert(raw) if raw else 0, operator, convert(text))


def _dynamic(value: Any, operator: str, literal: Value) -> bool:
    if literal.special == "null":
        return value is not None if operator == "!=" else value is None and operator in ("=", ":")
    if literal.special:
        return False
    if isinstance(value, str):
        return _strings(value, operator, literal.text)
    if isinstance(value, bool):
        wanted = {"true": True, "false": False}.get(literal.text.lower())
        return wanted is not None and _ordered(value, operator, wanted)
    if isinstance(value, int | float):
        return _ordered(float(value), operator, _number(literal.text))
    return False


def _strings(text: str, operator: str, wanted: str) -> bool:
    if operator in ("=~", "!~"):
        return bool(re2.search(wanted, text)) == (operator == "=~")
    if operator == ":":
        return _fold(wanted) in _fold(text)
    return _ordered(_fold(text).encode(), operator, _fold(wanted).encode())


def _ordered(value: Any, operator: str, wanted: Any) -> bool:
    if wanted is None or operator in ("=~", "!~"):
        return False
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "=": lambda a, b: a == b,
        ":": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    return tests[operator](value, wanted)


def _fold(text: str) -> str:
    once = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", "".join(c for c in once if c not in "\u00ad\u200b\u200d\ufeff"))


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text) else None


def _seconds(text: str) -> float | None:
    match = re.fullmatch(r"([+-]?[0-9]*\.?[0-9]+)(ns|us|ms|s|m|h)", text)
    scale = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
    return round(float(match.group(1)) * scale[match.group(2)], 9) if match else None


def _nanoseconds(text: str) -> int | None:
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d))?", text)
    if not match:
        return None
    numbers = [int(part or 0) for part in match.groups()[:6]]
    try:
        moment = datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    zone = match.group(8)
    if zone and zone != "Z":
        shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
        moment -= shift if zone[0] == "+" else -shift
    since = moment - _EPOCH
    return (since.days * 86400 + since.seconds) * 10**9 + int((match.group(7) or "0").ljust(9, "0"))


# Walking.


def _plain(entry: Any, parts: tuple[str, ...]) -> Any:
    for part in parts:
        entry = entry.get(part) if isinstance(entry, Mapping) else None
    return entry


def _values(value: Any, parts: tuple[str, ...], *, proto: bool = False) -> Iterator[Any]:
    """The values at a path, arrays on the way opened."""
    if not parts:
        yield value
        return
    for item in _opened(value):
        if isinstance(item, Mapping):
            for key, inner in item.items():
                if key == parts[0] or (proto and key.lower() == parts[0].lower()):
                    in_proto = parts[0] == "protoPayload" or (
                        proto and parts[0] not in ("request", "response", "metadata")
                    )
                    yield from _values(inner, parts[1:], proto=in_proto)


def _opened(value: Any, depth: int = 2) -> Iterator[Any]:
    if isinstance(value, list) and depth:
        for item in value:
            yield from _opened(item, depth - 1)
    else:
        yield value


def _leaves(value: Any, *, nulls: bool = False) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None or nulls:
        yield value


def _searched(entry: Entry) -> Iterator[Any]:
    return _leaves({k: v for k, v in entry.items() if k not in ("timestamp", "receiveTimestamp", "severity")})


# Functions.


def _predicate(call: Call, entry: Entry) -> bool:
    texts = [arg.text if isinstance(arg, Value) else "" for arg in call.args]
    log_name = str(entry.get("logName", ""))
    path = call.args[0].parts if isinstance(call.args[0], Path) else ()
    match call.name:
        case "log_id":
            return _fold(log_name).endswith("/logs/" + _fold(texts[0].replace("/", "%2F")))
        case "source":
            return log_name.startswith(texts[0] + "/logs/")
        case "search":
            return _search(texts[-1], [v for v in _searched_in(path, entry) if isinstance(v, str)])
        case "sample":
            text = _text(path, entry)
            share = int(float(texts[1]) * 2**32)
            return text is not None and int(hashlib.md5(text.encode()).hexdigest()[:8], 16) < share
        case _:
            found = [item for outer in _values(entry, path) for item in _opened(outer)]
            return any(_in_net(item, texts[1]) for item in found if isinstance(item, str))


def _searched_in(path: tuple[str, ...], entry: Entry) -> Iterator[Any]:
    if not path:
        return _searched(entry)
    return (leaf for value in _values(entry, path) for leaf in _leaves(value))


def _search(query: str, texts: list[str]) -> bool:
    phrases = re.findall(r"`([^`]*)`", query)
    words = _words(re.sub(r"`[^`]*`", " ", query).replace("`", " "))
    edge = r"[\s\[\]<>(){}|!;,'\"*&?+/:=@.$%\\_-]"

    def phrase_in(phrase: str, text: str) -> bool:
        return bool(re.search(f"(?:^|{edge}){re.escape(phrase)}(?:$|{edge})", text, re.IGNORECASE))

    return all(any(word in _words(text) for text in texts) for word in words) and all(
        any(phrase_in(phrase.strip(), text) for text in texts) for phrase in phrases if phrase.strip()
    )


def _words(text: str) -> set[str]:
    return set(filter(None, re.split(r"[\s\[\]<>(){}|!;,'\"*&?+/:=@.$%\\_-]", text.lower())))


def _in_net(text: str, net: str) -> bool:
    try:
        inner, outer = ipaddress.ip_network(text, strict=False), ipaddress.ip_network(net, strict=False)
        return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
    except ValueError:
        return False


def _text(path: tuple[str, ...], entry: Entry, zone: str = "UTC") -> str | None:
    raw = _plain(entry, path)
    name = ".".join(path)
    if name in _TIMES:
        moment = (_EPOCH + timedelta(microseconds=(_nanoseconds(raw) or 0) // 1000)).astimezone(ZoneInfo(zone))
        return moment.strftime("%Y-%m-%d %H:%M:%S") + (f".{moment:%f}".rstrip("0") if moment.microsecond else "")
    if name in _STRINGS:
        return raw or ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return None if raw is None or isinstance(raw, dict | list) else str(raw)


def _derived(call: Call, operator: str, value: Value, entry: Entry) -> bool:
    text, kind = _value_of(call, entry)
    if text is None:
        return False
    if kind == "STRING":
        return _strings(text, operator, value.text)
    if kind in ("INT64", "FLOAT64"):
        pattern = r"[+-]?[0-9]+" if kind == "INT64" else r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?"
        number = _number(text) if re.fullmatch(pattern, text) else None
        return number is not None and _ordered(number, operator, _number(value.text))
    if kind == "BOOL":
        known = {"true": True, "false": False}
        return text.lower() in known and _ordered(known[text.lower()], operator, known.get(value.text.lower()))
    raise AssertionError(f"no function gives a {kind}")


def _value_of(call: Call, entry: Entry) -> tuple[str | None, str]:
    left, how = call.args[0], call.args[1]
    assert isinstance(how, Value)
    zone = call.args[2].args[0].text if len(call.args) > 2 else "UTC"  # type: ignore[union-attr]
    text = _value_of(left, entry)[0] if isinstance(left, Call) else _text(left.parts, entry, zone)  # type: ignore[union-attr]
    if call.name == "cast":
        return text, how.text
    match = None if text is None else re2.search(how.text, text)
    return (match.group(1) if match else None), "STRING"

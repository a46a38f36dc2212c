"""The patient reader: from files that DuckDB refuses to one clean LogEntry a line, with a list of what was skipped."""

import codecs
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import yaml

from triage.evidence.fields import time_ns
from triage.sources.files.decoded import opened, why_broken
from triage.sources.files.rows import entry_of, is_row
from triage.sources.files.sniff import Layout

LONGEST_LINE = 16 << 20
"""Logging takes entries of 256 KB; a line of 16 MB is none."""
_LARGEST_PAGE = 64 << 20  # one answer of entries.list holds 1,000 entries
_LARGEST_YAML = 256 << 20  # YAML cannot be read a piece at a time
_CHUNK = 1 << 20
_NAMED = 5
_BLANK = re.compile(r"[\s,\ufeff\x00]*")
_NEXT_OBJECT = re.compile(r"(?<=[,\n\[}])\s*\{")

ENTRY_FIELDS = ("logName", "resource", "textPayload", "jsonPayload", "protoPayload")
"""A log entry has a time and at least one of these."""


@dataclass
class Skipped:
    """What was left out of one file, with the first few places."""

    count: int = 0
    places: list[str] = field(default_factory=list)
    fatal: str | None = None
    """Why reading ended before the file did."""

    def add(self, line: int, why: str) -> None:
        """Count one record that begins at `line`, counted from one."""
        self.count += 1
        if len(self.places) < _NAMED:
            self.places.append(f"line {line}: {why}")


def is_entry(value: Any) -> bool:
    """Whether a JSON value is a LogEntry: it has a time and says something of itself."""
    return (
        isinstance(value, dict)
        and any(time_ns(value.get(key)) is not None for key in ("timestamp", "receiveTimestamp"))
        and any(value.get(key) is not None for key in ENTRY_FIELDS)
    )


def clean(source: Path, target: Path, layout: Layout, *, allowed: int) -> Skipped:
    """Write the entries of `source` to `target`, one a line, at most `allowed` bytes; sound lines as they are.

    Bytes that are no UTF-8 become replacement characters; what is no log entry is skipped and counted. Returns what
    was skipped; never raises for what the file holds.
    """
    skipped = Skipped()
    with target.open("w", encoding="utf-8", errors="replace") as out:
        try:
            with opened(source) as file:
                for line, value in _values(file, layout, skipped):
                    allowed -= _write(value, line, out, skipped)
                    if allowed < 0:
                        skipped.fatal = "it holds far more than its size"
                        break
                else:
                    skipped.fatal = why_broken(file)
        except OSError as error:
            skipped.fatal = error.strerror or str(error)
    return skipped


def clean_lines(lines: Iterable[tuple[int, bytes]], target: Path) -> Skipped:
    """The same, of some lines of a file that come with their numbers."""
    skipped = Skipped()
    with target.open("w", encoding="utf-8", errors="replace") as out:
        for number, raw in lines:
            for line, value in _line(number, raw, skipped):
                _write(value, line, out, skipped)
    return skipped


def stream_values(path: Path, skipped: Skipped) -> Iterator[tuple[int, Any]]:
    """Every JSON value in a file with its line, as far as it is sound; a top-level array's elements one by one."""
    with opened(path) as file:
        yield from _stream(file, skipped)
        skipped.fatal = why_broken(file)


def _write(value: Any, line: int, out: io.TextIOBase | IO[str], skipped: Skipped) -> int:
    """Write the entries that a value is or holds; returns how many characters that took."""
    if isinstance(value, _Sound):
        return out.write(value + "\n")
    if isinstance(value, dict) and isinstance(value.get("entries"), list):
        value = value["entries"]
    if isinstance(value, list) and not any(isinstance(inner, dict) for inner in value):
        value = [None] if value else []  # one thing that is no entry, however many numbers it lists
    written = 0
    for told in value if isinstance(value, list) else [value]:
        entry = entry_of(told) if is_row(told) else told
        if not is_entry(entry):
            skipped.add(line, "not a log entry")
            continue
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        written += out.write(text + "\n")
    return written


def _values(file: IO[bytes], layout: Layout, skipped: Skipped) -> Iterator[tuple[int, Any]]:
    if layout is Layout.LINES:
        return _lines(file, skipped)
    if layout is Layout.YAML:
        return _yaml(file, skipped)
    return _stream(file, skipped)


def _lines(file: IO[bytes], skipped: Skipped) -> Iterator[tuple[int, Any]]:
    number = 0
    while raw := file.readline(LONGEST_LINE):
        number += 1
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            skipped.add(number, "longer than any log entry")
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            continue
        yield from _line(number, raw, skipped)


def _line(number: int, raw: bytes, skipped: Skipped) -> Iterator[tuple[int, Any]]:
    text = raw.decode("utf-8", "replace").strip("\ufeff\x00 \t\r\n")
    if not text:
        return
    try:
        yield number, _sound(text) or _loads(text)
    except (ValueError, RecursionError) as error:
        skipped.add(number, _why(error))


def _stream(file: IO[bytes], skipped: Skipped) -> Iterator[tuple[int, Any]]:
    """Values one after another, whether in an array, after one another, or pretty-printed over many lines."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_nothing)
    reading = codecs.getreader("utf-8")(file, "replace")
    buffer, line, wanted = "", 1, _CHUNK
    more = True
    while True:
        if more and len(buffer) < wanted:
            piece = reading.read(_CHUNK)
            more = bool(piece)
            buffer += piece
            continue
        start = _value_start(buffer)
        line += buffer.count("\n", 0, start)
        buffer = buffer[start:]
        if not buffer:
            if not more:
                return
            wanted = _CHUNK
            continue
        try:
            value, end = decoder.raw_decode(buffer)
        except (ValueError, RecursionError) as error:
            if more and len(buffer) < _LARGEST_PAGE and not isinstance(error, RecursionError):
                wanted = len(buffer) * 2
                continue
            skipped.add(line, _why(error))
            following = _NEXT_OBJECT.search(buffer, 1)
            end = following.end() - 1 if following else len(buffer)
        else:
            yield line, value
        wanted = _CHUNK
        line += buffer.count("\n", 0, end)
        buffer = buffer[end:]


def _value_start(buffer: str) -> int:
    """Where the next value starts: behind blanks, commas and the brackets of the array that wraps everything."""
    position = 0
    while True:
        position = _blank_end(buffer, position)
        if position < len(buffer) and buffer[position] in "[]":
            position += 1
        else:
            return position


def _blank_end(buffer: str, position: int) -> int:
    match = _BLANK.match(buffer, position)
    return match.end() if match else position


class _Yaml(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader that leaves times as they are written."""


_Yaml.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


def _load_yaml(document: str) -> Any:
    # A few lines of aliases can stand for gigabytes; gcloud writes none.
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(document, _Yaml)):
        raise yaml.YAMLError("aliases are not read")
    return yaml.load(document, _Yaml)  # noqa: S506 - a safe loader


def _yaml(file: IO[bytes], skipped: Skipped) -> Iterator[tuple[int, Any]]:
    text = file.read(_LARGEST_YAML).decode("utf-8", "replace")
    line = 1
    for document in re.split(r"(?m)^---\s*$\n?", text):
        if document.strip():
            try:
                yield line, _load_yaml(document)
            except (yaml.YAMLError, ValueError, RecursionError) as error:
                skipped.add(line, _why(error))
        line += document.count("\n") + 1


def _loads(text: str) -> Any:
    return json.loads(text, strict=False, parse_constant=_nothing)


class _Sound(str):
    """A line that is one entry as any reader of JSON takes it: it goes through as it is."""

    __slots__ = ()


def _sound(text: str) -> _Sound | None:
    """The line, where it is a sound entry; half a surrogate pair is one in JSON, and none in UTF-8."""
    if "\\ud" in text or "\\uD" in text:
        return None
    try:
        value = _STRICT.decode(text)
    except (ValueError, RecursionError):
        return None
    plain = is_entry(value) and not is_row(value) and not isinstance(value.get("entries"), list)
    return _Sound(text) if plain else None


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _told_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found


_STRICT = json.JSONDecoder(parse_constant=_refused, object_pairs_hook=_told_once)


def _nothing(_constant: str) -> None:
    """NaN and Infinity are no JSON; a field that holds one holds nothing."""


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON ({error.msg}, column {error.colno})"
    return str(error).partition("\n")[0][:120]

"""How a file of log entries is laid out, from its first bytes."""

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

from triage.sources.files.decoded import GZIP_MAGIC, as_it_lies, opened, why_broken
from triage.sources.files.rows import is_row

_HEAD = 256 << 10
BOM = b"\xef\xbb\xbf"
_DECODER = json.JSONDecoder(strict=False)


class Layout(StrEnum):
    """The layouts; DuckDB reads the first two as they are, the others are cleaned first."""

    LINES = "lines"
    """One JSON object a line."""
    ARRAY = "array"
    """One JSON array of objects, as gcloud prints it."""
    STREAM = "stream"
    """Any other run of JSON values: pretty objects, API pages, arrays one after another."""
    YAML = "yaml"
    """YAML documents, as gcloud prints without --format=json."""
    EMPTY = "empty"


def layout_of(path: Path) -> tuple[Layout, bool]:
    """The file's layout, and whether DuckDB may read it as it is. Raises OSError where it cannot be opened."""
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    with opened(path) as file:
        head = file.read(_HEAD)
        broken, own = why_broken(file), as_it_lies(file)
    if broken and not head:
        return Layout.STREAM, False
    body = head.removeprefix(BOM).lstrip(b"\x00 \t\r\n")
    layout = _layout(body)
    named_packed = path.name.lower().endswith(".gz")
    plain = own and not broken and packed == named_packed and not (layout is Layout.ARRAY and head.startswith(BOM))
    return layout, plain and layout in (Layout.LINES, Layout.ARRAY, Layout.EMPTY) and not is_row(_first(body))


def _first(body: bytes) -> Any:
    """The first value of lines or of an array; None where the head of the file does not hold it whole."""
    try:
        return _DECODER.raw_decode(body.decode("utf-8", "replace").lstrip("[ \t\r\n"))[0]
    except (ValueError, RecursionError):
        return None


def _layout(body: bytes) -> Layout:
    if not body:
        return Layout.EMPTY
    if body[:1] == b"[":
        return Layout.ARRAY
    if body[:1] != b"{":
        return Layout.YAML if re.match(rb"---|[A-Za-z]\w*:(?:\s|$)", body) else Layout.STREAM
    first, newline, _ = body.partition(b"\n")
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        # A line that opens an object and leaves it open is pretty-printed; any other is a broken line among lines.
        open_ended = first.rstrip().endswith((b"{", b",", b"[")) or re.match(rb'\{\s*"entries"\s*:\s*\[', first)
        return Layout.STREAM if newline and open_ended else Layout.LINES
    return Layout.STREAM if isinstance(value, dict) and isinstance(value.get("entries"), list) else Layout.LINES

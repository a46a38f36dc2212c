"""An evidence directory as the emulator sees it: raw records, read without any of triage's own readers.

The emulator is what triage's live path is compared with, so it must not share the code that reads files.
"""

import gzip
import io
import json
import re
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Record = dict[str, Any]

_ENTRY_FILE = re.compile(r"(^|/)entries[^/]*\.(json|ndjson|jsonl)(\.gz)?$")
# A Cloud Storage sink's objects: LOG/YYYY/MM/DD/HH:00:00_HH:59:59_S0.json; copies replace the colons.
_SINK_FILE = re.compile(
    r"/\d{4}/\d\d/\d\d/\d\d[:_-]?\d\d[:_-]?\d\d_\d\d[:_-]?\d\d[:_-]?\d\d_(A\d+_)?S\d+\.json(\.gz)?$"
)
_PROJECT = re.compile(r"projects/([^/]+)/")


@dataclass
class Evidence:
    """The records of each kind, in the shapes that the APIs answer with."""

    entries: list[Record] = field(default_factory=list)
    operations: list[Record] = field(default_factory=list)
    clusters: list[Record] = field(default_factory=list)
    alerts: list[Record] = field(default_factory=list)
    notifications: list[Record] = field(default_factory=list)
    series: list[Record] = field(default_factory=list)
    objects: list[Record] = field(default_factory=list)
    skipped: int = 0
    """Lines and records that are nothing the APIs could serve."""

    def projects(self) -> list[str]:
        """Project ids and numbers that the records name, the most frequent first."""
        seen: Counter[str] = Counter()
        for entry in self.entries:
            seen.update(_PROJECT.findall(entry["logName"])[:1])
        links = [
            record.get(key, "") for record in self.operations + self.clusters for key in ("selfLink", "targetLink")
        ]
        names = [alert.get("name", "") for alert in self.alerts]
        for text in links + names:
            seen.update(_PROJECT.findall(str(text))[:1])
        labels = (series.get("resource", {}).get("labels", {}).get("project_id") for series in self.series)
        seen.update(label for label in labels if label)
        return [name for name, _ in seen.most_common()]


def load(path: Path) -> Evidence:
    """Read an evidence directory, `.tar.gz` or `.zip`.

    Raises FileNotFoundError where nothing is there, ValueError where a whole file is not JSON.
    """
    evidence = Evidence()
    for name, data in _files(path):
        base = name.rsplit("/", 1)[-1]
        if _ENTRY_FILE.search(name) or _SINK_FILE.search("/" + name):
            _add_entries(evidence, data)
        elif base.endswith((".json", ".json.gz")):
            _add_document(evidence, base, data)
    return evidence


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names within the evidence and their decompressed contents, in the order of their names."""
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file())
        pairs: Iterator[tuple[str, bytes]] = ((file.relative_to(path).as_posix(), file.read_bytes()) for file in found)
    elif zipfile.is_zipfile(path):
        pairs = _zip_members(path)
    elif path.exists():
        pairs = _tar_members(path)
    else:
        raise FileNotFoundError(f"no evidence at {path}")
    for name, data in pairs:
        yield name, gzip.decompress(data) if name.endswith(".gz") else data


def _zip_members(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if not name.endswith("/"):
                yield name, archive.read(name)


def _tar_members(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield member.name, file.read()


def _add_entries(evidence: Evidence, data: bytes) -> None:
    for record in _entry_records(data):
        if isinstance(record, dict) and isinstance(record.get("logName"), str) and _time_text(record):
            evidence.entries.append(record)
        else:
            evidence.skipped += 1


def _time_text(entry: Record) -> Any:
    return entry.get("timestamp") or entry.get("receiveTimestamp")


def _entry_records(data: bytes) -> Iterator[Any]:
    """A JSON array, `{"entries": […]}`, or one entry a line; a line that is no JSON comes out as None."""
    if data.lstrip()[:1] == b"[":
        yield from json.loads(data)
        return
    for line in io.BytesIO(data):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            # Not one record a line: a single document spread over lines, or a broken line.
            if line.strip() == b"{":
                yield from _as_list(json.loads(data), "entries")
                return
            yield None
            continue
        yield from _as_list(record, "entries")


def _as_list(document: Any, key: str) -> list[Any]:
    if isinstance(document, list):
        return document
    if isinstance(document, dict) and isinstance(document.get(key), list):
        return list(document[key])
    return [document]


def _add_document(evidence: Evidence, base: str, data: bytes) -> None:
    if base.startswith("alerts"):
        found = [r for r in _as_list(json.loads(data), "alerts") if isinstance(r, dict)]
        evidence.alerts.extend(r for r in found if "openTime" in r)
        evidence.notifications.extend(r for r in found if "incident" in r)
        return
    kinds = {
        "operations": (evidence.operations, "operations", "name"),
        "cluster": (evidence.clusters, "clusters", "name"),
        "metrics": (evidence.series, "timeSeries", "metric"),
        "workloads": (evidence.objects, "items", "kind"),
    }
    for prefix, (records, key, needed) in kinds.items():
        if base.startswith(prefix):
            found = [r for r in _as_list(json.loads(data), key) if isinstance(r, dict) and needed in r]
            # A Prometheus result also has `metric`, but Cloud Monitoring could not answer with it.
            records.extend(r for r in found if key != "timeSeries" or "points" in r)

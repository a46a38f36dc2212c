"""Audit entries as they were written: which of them bear certain words, parsed."""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from triage.correlate.times import column_ns

_AUDIT_LOGS = (
    "cloudaudit.googleapis.com/activity",
    "cloudaudit.googleapis.com/system_event",
    "compute.googleapis.com/activity_log",
)


def audit_entries(entries: pd.DataFrame, telling: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The audit entries whose JSON matches the pattern `telling`, with their times (ns), in order of time.

    Takes the columns ENTRIES. An entry that is no JSON object is left out: the reader of files has already counted it.
    """
    rows = entries[entries["log_id"].isin(_AUDIT_LOGS) & entries["entry"].notna()]
    rows = rows[rows["entry"].astype("object").str.contains(telling, regex=True, na=False).astype(bool)]
    rows = rows.sort_values(["timestamp", "insert_id"], kind="stable")
    for at, text in zip(column_ns(rows["timestamp"]), rows["entry"], strict=True):
        try:
            entry = json.loads(text)
        except ValueError:  # cut at 256 KiB
            continue
        if isinstance(entry, dict):
            yield int(at), entry


def dig(value: Any, *path: str) -> Any:
    """What lies at a path of keys; None where one is missing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value

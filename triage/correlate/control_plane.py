"""Changes to the control plane that the list of operations alone tells of: audit logs are seldom exported whole."""

import pandas as pd

from triage.correlate.times import MINUTE, column_ns, known
from triage.evidence.occurrences import OCCURRENCES
from triage.evidence.tables import frame

SIGNAL = "control-plane-change"
STREAM = "operation"
"""The stream of an occurrence that no log line tells, but an operation."""
_TYPES = ("UPGRADE_MASTER", "REPAIR_CLUSTER", "RESIZE_CLUSTER")
_SAME = 5 * MINUTE


def with_operations(occurrences: pd.DataFrame, operations: pd.DataFrame) -> pd.DataFrame:
    """The occurrences with one more for each operation on the control plane that no entry tells of.

    `operations` has the columns OPERATIONS. Such an occurrence begins with its operation, lasts as long, and is of no
    node.
    """
    told = column_ns(occurrences.loc[occurrences["signal"] == SIGNAL, "timestamp"])
    rows = operations[operations["type"].isin(_TYPES) & operations["start"].notna()]
    added = []
    for row, start, end in zip(rows.itertuples(), column_ns(rows["start"]), column_ns(rows["end"]), strict=True):
        until = known(end)
        last = until if until is not None else int(start)
        if ((told >= start - _SAME) & (told <= last + _SAME)).any():
            continue
        ended = f" to {row.end:%FT%TZ}" if until is not None else ", and still running"
        message = f"{row.name}: {row.type}, from {row.start:%FT%TZ}{ended}"
        added.append(
            {
                "signal": SIGNAL,
                "alternative": "operation",
                "mechanism": True,
                "timestamp": row.start,
                "until": row.end if until is not None else None,
                "stream": STREAM,
                "extracted": {},
                "message": message,
                "clears": False,
            }
        )
    if not added:
        return occurrences
    both = (
        pd.concat([occurrences, frame(OCCURRENCES, added)], ignore_index=True)
        if len(occurrences)
        else frame(OCCURRENCES, added)
    )
    return both.sort_values(["timestamp", "signal", "node"], ignore_index=True, kind="stable")

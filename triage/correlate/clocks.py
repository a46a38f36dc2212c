"""Clocks that run ahead: an entry cannot have been written after it was received."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from triage.correlate.times import SECOND, column_ns

Receipts = Mapping[tuple[str, int], int]
"""(insert id, time) → receipt, in ns, of the entries that are younger than their own receipt."""


def received_earlier(entries: pd.DataFrame) -> dict[tuple[str, int], int]:
    """The receipts of entries whose writer's clock runs ahead."""
    both = entries[entries["received"].notna() & entries["insert_id"].notna()]
    at, received = column_ns(both["timestamp"]), column_ns(both["received"])
    late = np.flatnonzero(at > received + SECOND)
    ids = both["insert_id"].to_numpy()
    return {(str(ids[i]), int(at[i])): int(received[i]) for i in late}


def set_back(rows: pd.DataFrame, receipts: Receipts) -> pd.DataFrame:
    """`rows` (insert_id, timestamp) with the receipt for a time where the writer's clock ran ahead."""
    if not receipts:
        return rows
    keys = zip(rows["insert_id"], column_ns(rows["timestamp"]), strict=True)
    times = pd.Series([receipts.get(key, key[1]) for key in keys], index=rows.index, dtype="int64")
    return rows.assign(timestamp=pd.to_datetime(times, utc=True, unit="ns").astype(rows["timestamp"].dtype))

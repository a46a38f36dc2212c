"""Times inside the correlator: nanoseconds since the epoch as plain integers, which compare and subtract fast."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from triage.units import from_ns

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH = pd.Timestamp("1970-01-01", tz="UTC")
_NAT = np.iinfo(np.int64).min


def to_ns(moment: datetime) -> int:
    """A datetime as nanoseconds since the epoch."""
    return int(pd.Timestamp(moment).as_unit("ns").value)


def length_ns(length: timedelta) -> int:
    """A length of time in nanoseconds."""
    return (length.days * 86400 + length.seconds) * SECOND + length.microseconds * 1000


def column_ns(times: pd.Series) -> Any:
    """A time column as an int64 array; absent times are the smallest int64 (see `known`)."""
    return times.to_numpy("datetime64[ns]").astype("int64")


def known(value: int) -> int | None:
    """An entry of `column_ns`, None where the time was absent."""
    return None if int(value) == _NAT else int(value)


def moment(ns: int) -> datetime:
    """Nanoseconds since the epoch as a UTC datetime."""
    return from_ns(int(ns))


def moment_or_none(ns: int | None) -> datetime | None:
    """As `moment`, None kept."""
    return None if ns is None else from_ns(int(ns))

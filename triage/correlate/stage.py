"""What is known once episodes and alerts are worked out; everything after asks why."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from triage.correlate.align import Fired
from triage.correlate.episodes import Draft, Scene
from triage.correlate.homes import Homes
from triage.correlate.trend import Series
from triage.evidence.evidence import Evidence
from triage.model.signal import Pack


@dataclass(frozen=True)
class Stage:
    """Episodes with their alerts, who ran where, and the nodes' metrics."""

    evidence: Evidence
    occurrences: pd.DataFrame
    """Those of the signals, and those that operations alone tell of."""
    pack: Pack
    scene: Scene
    drafts: Sequence[Draft]
    homes: Homes
    alerts: Sequence[Fired]
    ties: Sequence[int | None]
    covered: tuple[int, int]
    """The part of the window that the evidence covers (ns)."""
    series: Series

    def alerts_of(self) -> dict[int, list[str]]:
        """Episode → the ids of its alerts, in order of opening."""
        found: dict[int, list[str]] = {}
        for alert, index in zip(self.alerts, self.ties, strict=True):
            if index is not None:
                found.setdefault(index, []).append(alert.id)
        return found

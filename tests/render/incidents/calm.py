"""A day on which no node went bad."""

from tests.render.incidents.leak import pid_leak
from tests.render.incidents.parts import CLUSTER, INFOS, WINDOW, at, provenance
from triage.model.incident import (
    Alert,
    Alignment,
    Confidence,
    Incident,
    Timeline,
    Verdict,
)


def quiet() -> Incident:
    """A day without a node failure."""
    whole = pid_leak()
    return Incident(
        cluster=CLUSTER,
        window=WINDOW,
        verdict=Verdict(
            cause=None,
            title="No node failure found",
            confidence=Confidence.INSUFFICIENT,
            workload=None,
            chain=(),
            summary=(
                "No node turned NotReady and none was repaired between 9 and 10 July; 48,211 log "
                "entries of 14 nodes were read."
            ),
            reason="Without an episode there is nothing to explain.",
        ),
        alignment=Alignment(alerts=1, aligned=0, expected=None, p_value=None),
        alerts=(
            Alert(
                id="a1",
                policy="search: fast burn",
                service="search",
                opened=at(13.1),
                closed=at(13.3),
                episode=None,
                reason="no episodes",
            ),
        ),
        occurrences=whole.occurrences[3:],
        provenance=provenance(),
        signals=INFOS,
        timeline=Timeline(healthy_nodes=14, healthy_marks=whole.timeline.healthy_marks),
    )

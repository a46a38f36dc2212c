"""Nodes that an upgrade replaced."""

from tests.render.incidents.leak import pid_leak
from tests.render.incidents.parts import CLUSTER, INFOS, POOL, WINDOW, at, line, ms, node
from triage.model.incident import (
    Alignment,
    Cause,
    Confidence,
    Episode,
    Incident,
    Kind,
    Lane,
    Marks,
    Timeline,
    Verdict,
)
from triage.model.signal import Role, Severity


def planned_upgrade() -> Incident:
    """Three nodes drained and replaced by an upgrade: no fault."""
    onsets = (6.0, 6.3, 6.6)
    signal = "node-upgrade-drain"
    episodes = tuple(
        Episode(
            node=node(i),
            node_pool=POOL,
            zone="europe-west1-b",
            start=at(h),
            not_ready=at(h + 0.1),
            end=at(h + 0.25),
            ready=at(h + 0.25),
            kind=Kind.UPGRADE,
            operation="operation-1562666400000-0000beef",
            node_inferred=False,
            cause=signal,
            workload=None,
            alerts=(),
            planned=signal,
            group=i,
        )
        for i, h in enumerate(onsets)
    )
    whole = pid_leak()
    return Incident(
        cluster=CLUSTER,
        window=WINDOW,
        episodes=episodes,
        alignment=Alignment(alerts=0, aligned=0, expected=None, p_value=None),
        verdict=Verdict(
            cause=signal,
            title="Node upgrade of pool-main, no fault",
            confidence=Confidence.CONFIRMED,
            workload=None,
            chain=(signal, "node-not-ready"),
            summary="Three nodes were drained and replaced one after the other by an upgrade to 1.13.7-gke.8.",
            reason="The operation names the pool, and each node left and came back inside it.",
        ),
        causes=(
            Cause(
                signal=signal,
                rank=1,
                episodes_explained=3,
                episodes_total=3,
                rate_ratio=None,
                q_value=None,
                lead_time_s=None,
                workloads=(),
                title="Node upgrade",
                evidence=(
                    line(
                        6.0,
                        node(0),
                        "audit",
                        signal,
                        "google.container.v1.ClusterManager.UpdateNodePool pool-main 1.13.7-gke.8",
                        "UpdateNodePool",
                    ),
                ),
            ),
        ),
        timeline=Timeline(
            healthy_nodes=11,
            lanes=tuple(
                Lane(
                    node=node(i),
                    node_pool=POOL,
                    episodes=(i,),
                    marks=(Marks(signal=signal, role=Role.CAUSE, severity=Severity.LOW, times=(ms(at(h)),)),),
                )
                for i, h in enumerate(onsets)
            ),
        ),
        provenance=whole.provenance,
        signals=INFOS,
    )

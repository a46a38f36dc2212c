"""Nodes that went down with nothing to say why."""

from tests.render.incidents.leak import pid_leak
from triage.model.incident import (
    Alignment,
    Confidence,
    Gate,
    Incident,
    Missing,
    Rival,
    Timeline,
    Verdict,
)
from triage.model.place import Gap


def insufficient() -> Incident:
    """Three repairs, no line that names a cause."""
    whole = pid_leak((3.0, 9.5, 16.0))
    episodes = tuple(
        e.model_copy(
            update={
                "cause": None,
                "workload": None,
                "alerts": (),
                "signals": ("node-not-ready", "node-auto-repair"),
                "evidence": e.evidence[1:],
            }
        )
        for e in whole.episodes
    )
    return whole.model_copy(
        update={
            "episodes": episodes,
            "causes": (),
            "alerts": (),
            "alignment": Alignment(alerts=0, aligned=0, expected=None, p_value=None),
            "findings": (),
            "changes": (),
            "recurrence": (),
            "occurrences": whole.occurrences[2:3],
            "timeline": Timeline(
                healthy_nodes=11,
                lanes=tuple(lane.model_copy(update={"marks": lane.marks[2:3]}) for lane in whole.timeline.lanes),
            ),
            "gaps": (
                Gap(
                    source="alerts",
                    reason="no alerts file in the evidence",
                    remedy="gcloud alpha monitoring alerts list --format=json > alerts.json",
                ),
                Gap(
                    source="entries",
                    reason="no kernel log of any node: logging of system components is off",
                    remedy="gcloud container clusters update payments-eu --logging=SYSTEM,WORKLOAD",
                ),
            ),
            "verdict": Verdict(
                cause=None,
                title="No cause established",
                confidence=Confidence.INSUFFICIENT,
                workload=None,
                chain=(),
                summary=(
                    "Three nodes turned NotReady and were repaired. No line in the hour before names what "
                    "failed: the kernel and runtime logs of these nodes are missing."
                ),
                reason="No signal upstream of NotReady was seen in any of three episodes.",
                missing=(
                    Missing(
                        what="Kernel log of pool-main",
                        why="would show exhaustion of memory, ids or disk",
                        command=(
                            "gcloud container clusters update payments-eu --location=europe-west1-b "
                            "--logging=SYSTEM,WORKLOAD"
                        ),
                    ),
                    Missing(
                        what="Serial console of the repaired nodes",
                        why="outlives the node",
                        command=(
                            "gcloud compute project-info add-metadata --project=acme-payments "
                            "--metadata=serial-port-logging-enable=true"
                        ),
                    ),
                ),
                ruled_out=(
                    Rival(
                        signal="node-upgrade-drain", title="Node upgrade", reason="no upgrade operation in the window"
                    ),
                ),
                gates=(
                    Gate(
                        level=Confidence.POSSIBLE,
                        rule="A cause signal in at least one episode",
                        met=False,
                        detail="0 of 3",
                    ),
                ),
            ),
        }
    )

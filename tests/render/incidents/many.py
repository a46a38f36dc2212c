"""As many nodes and occurrences as one likes."""

from tests.render.incidents.leak import pid_episode, pid_leak
from tests.render.incidents.leak_evidence import pid_evidence
from tests.render.incidents.parts import PID, POOL, START, ms, ramp
from triage.model.incident import (
    Incident,
    Lane,
    Marks,
    Series,
    Timeline,
)
from triage.model.signal import Role, Severity


def big(nodes: int = 60, occurrences: int = 10_000) -> Incident:
    """Sixty failing nodes with ten thousand occurrences each."""
    whole = pid_leak()
    hours = [0.4 + 22.5 * i / nodes for i in range(nodes)]
    day = 86_400_000
    spread = [
        tuple(sorted(ms(START) + (i * 7919 + k * 1_299_709) % day for k in range(occurrences))) for i in range(nodes)
    ]
    names = [f"gke-payments-eu-pool-main-4d1f0a7c-{i:04d}" for i in range(nodes)]
    episodes = tuple(pid_episode(i, h).model_copy(update={"node": names[i]}) for i, h in enumerate(hours))
    lanes = tuple(
        Lane(
            node=names[i],
            node_pool=POOL,
            episodes=(i,),
            marks=(
                Marks(signal=PID, role=Role.CAUSE, severity=Severity.CRITICAL, times=spread[i][: occurrences // 4]),
                Marks(
                    signal="pleg-unhealthy",
                    role=Role.SYMPTOM,
                    severity=Severity.HIGH,
                    times=spread[i][occurrences // 4 :],
                ),
            ),
        )
        for i in range(nodes)
    )
    series = tuple(
        Series(
            metric="pid_used", title="Process ids in use", node=names[i], points=ramp(0, 24, 32000, 1440), limit=32768
        )
        for i in range(nodes)
    )
    evidence = tuple(
        one.model_copy(update={"node": names[i]}) for i, h in enumerate(hours) for one in pid_evidence(i, h)
    )
    return whole.model_copy(
        update={
            "episodes": episodes,
            "causes": (whole.causes[0].model_copy(update={"evidence": evidence}),),
            "timeline": Timeline(lanes=lanes, healthy_nodes=140, series=series),
        }
    )

"""What was logged, seen and alerted while process ids ran out."""

from collections.abc import Iterator

from tests.render.incidents.parts import (
    ONSETS,
    PID,
    SUSPECT,
    at,
    line,
    ms,
    node,
)
from triage.model.incident import (
    Alert,
    Line,
    Marks,
)
from triage.model.signal import Role, Severity


def pid_alerts() -> tuple[Alert, ...]:
    alerts: list[Alert] = []
    for index, hours in enumerate(ONSETS):
        for offset, service in ((0.24, "checkout"), (0.31, "statements"), (0.33, "ingress"))[: 2 + index % 2]:
            number = len(alerts) + 1
            alerts.append(
                Alert(
                    id=f"projects/acme-payments/alerts/0.{number:04d}",
                    policy=f"{service}: fast burn",
                    service=service,
                    opened=at(hours + offset),
                    closed=at(hours + offset + 0.4),
                    episode=index,
                    severity="critical",
                    reason=f"opened {round(offset * 60)} m after the episode began",
                )
            )
    for hours, service in ((9.6, "checkout"), (13.1, "search")):
        alerts.append(
            Alert(
                id=f"projects/acme-payments/alerts/0.{len(alerts) + 1:04d}",
                policy=f"{service}: fast burn",
                service=service,
                opened=at(hours),
                closed=at(hours + 0.2),
                episode=None,
                reason="no episode within five minutes",
            )
        )
    alerts.append(
        Alert(
            id="projects/acme-payments/alerts/0.9001",
            policy="checkout: slow burn (6 h)",
            service="checkout",
            opened=at(15.5),
            closed=None,
            episode=None,
            slow_burn=True,
            reason="sums up episodes 1 to 5",
        )
    )
    return tuple(sorted(alerts, key=lambda alert: alert.opened))


def pid_evidence(number: int, hours: float) -> Iterator[Line]:
    where = node(number)
    yield line(
        hours,
        where,
        "kernel",
        PID,
        f"[{9000 + number * 811}.418220] cgroup: fork rejected by pids controller in "
        "/kubepods/burstable/pod7b1c9d7e-a20f-11e9-9c3f-42010a840113",
        "fork rejected by pids controller",
        workload=SUSPECT,
    )
    yield line(
        hours + 0.05,
        where,
        "container-runtime",
        PID,
        f"runtime: failed to create new OS thread (have {18 + number} already; errno=11)",
        "failed to create new OS thread",
    )


def pid_marks(number: int, hours: float) -> tuple[Marks, ...]:
    causes = tuple(ms(at(hours + i * 0.004 + (i * i % 7) * 0.001)) for i in range(60))
    symptoms = tuple(ms(at(hours + 0.08 + i * 0.012)) for i in range(20))
    context = tuple(ms(at(h)) for h in range(1 + number % 3, 24, 5))
    return (
        Marks(signal=PID, role=Role.CAUSE, severity=Severity.CRITICAL, times=causes),
        Marks(signal="pleg-unhealthy", role=Role.SYMPTOM, severity=Severity.HIGH, times=symptoms),
        Marks(signal="node-not-ready", role=Role.CONSEQUENCE, severity=Severity.HIGH, times=(ms(at(hours + 0.22)),)),
        Marks(signal="live-migration", role=Role.CONTEXT, severity=Severity.LOW, times=context),
    )

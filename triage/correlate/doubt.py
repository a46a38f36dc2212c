"""Doubt in words: what is missing, what speaks against the verdict, what lost and why, what would change it."""

from collections.abc import Mapping, Sequence

from triage.correlate.actions import place_to_look
from triage.correlate.associate import Association
from triage.correlate.attribute import by_a_workload
from triage.correlate.commands import collect, command, login, option, read_logs
from triage.correlate.episodes import Draft, Scene
from triage.correlate.explain import Explanation
from triage.correlate.facts import Facts
from triage.correlate.figures import listed, number, plural, share
from triage.correlate.homes import Homes
from triage.correlate.seen import NOWHERE
from triage.correlate.timeline import metric_title
from triage.correlate.traces import EXTERNAL, PIDS, ZOMBIES
from triage.evidence.evidence import Evidence
from triage.model.incident import Missing, Rival
from triage.model.links import quoted

_NODE_LOGS = {
    "kubelet": 'resource.type="k8s_node" AND log_id("kubelet")',
    "container-runtime": 'resource.type="k8s_node" AND (log_id("container-runtime") OR log_id("docker"))',
    "node-journal": 'resource.type="k8s_node" AND log_id("node-journal")',
    "events": 'log_id("events")',
    "serialconsole.googleapis.com/serial_port_1_output": 'log_id("serialconsole.googleapis.com/serial_port_1_output")',
}
_WHY_LOGS = {
    "kubelet": "the kubelet says why it reports NotReady, and which command failed first",
    "container-runtime": "the runtime says whether it could still start processes",
    "node-journal": "the kernel names what ran out: process ids, memory, disk, connections",
    "events": "events bear the NotReady transitions, evictions and failed probes",
    "serialconsole.googleapis.com/serial_port_1_output": "only this log outlives a hung node: panics, lockups, OOM",
}
_WHAT_LOGS = {
    "kubelet": "The kubelet's log",
    "container-runtime": "The container runtime's log",
    "node-journal": "The nodes' journal, with the kernel's lines",
    "events": "Kubernetes events",
    "serialconsole.googleapis.com/serial_port_1_output": "The nodes' serial consoles",
}
_OLDER = {"node-journal": {"docker", "kern.log"}, "container-runtime": {"docker"}}
"""The logs that stood in for these before Kubernetes 1.14 or so."""
_SERIAL = "serialconsole.googleapis.com/serial_port_1_output"
_PROCESSES = (
    "ps -eo ppid,stat,comm --sort=ppid | awk '$2 ~ /^Z/' | head -50; cat /proc/sys/kernel/pid_max; ps -eLf | wc -l"
)
_OF_ACTS = ("operations", "alerts")
"""Sources that know of what was done from outside; nodes have nothing to say of it."""
_MOST = 8


def missing(
    evidence: Evidence, scene: Scene, drafts: Sequence[Draft], homes: Homes, facts: Facts | None
) -> tuple[Missing, ...]:
    """What would make the verdict surer, most useful first, each with the command that supplies it (all only read)."""
    cluster, window = evidence.cluster, evidence.window
    spoken = set(evidence.coverage["log_id"].dropna().unique()) | set(evidence.entries["log_id"].dropna().unique())
    found: list[Missing] = []
    outside = facts is not None and facts.cause in EXTERNAL
    for log, filter_ in _NODE_LOGS.items() if not outside else ():
        if log not in spoken and not (log in _OLDER and spoken & _OLDER[log]):
            of_cluster = f"({filter_}) AND resource.labels.cluster_name={quoted(cluster.name)}"
            if log == _SERIAL:
                of_cluster = f"{filter_}{_of_nodes(drafts)}"
            found.append(
                Missing(
                    what=_WHAT_LOGS[log],
                    why=_WHY_LOGS[log],
                    command=read_logs(cluster, window, of_cluster, f"entries-{log.split('.')[0].split('/')[0]}.json"),
                )
            )
    found += [m for source, m in _absent(evidence) if source in _OF_ACTS or not outside]
    node = place_to_look(scene, drafts, homes, facts).node
    found += _processes(evidence, scene, node, facts) if facts else _console(evidence, scene, node)
    return tuple(found[:_MOST])


def _of_nodes(drafts: Sequence[Draft]) -> str:
    """Serial consoles know no cluster: the clause that picks the failing nodes' by name."""
    nodes = sorted({d.node for d in drafts if d.known_node})[:_MOST]
    names = " OR ".join(quoted(node) for node in nodes)
    return f' AND labels."compute.googleapis.com/resource_name"=({names})' if nodes else ""


def _absent(evidence: Evidence) -> list[tuple[str, Missing]]:
    """What whole sources would tell, each with its name."""
    cluster, window = evidence.cluster, evidence.window
    project = option("project", cluster.project)
    commands = {
        "operations": (
            "GKE's operations",
            "they tell which repairs GKE made, and when",
            command("gcloud", "container", "operations", "list", project, "--format=json") + " > operations.json",
        ),
        "metrics": (
            "Metrics of the nodes",
            "process ids, memory and disk on their way to a limit are the clearest evidence there is",
            collect(cluster, window),
        ),
        "workloads": (
            "Workloads and pods",
            "they tell which workload ran where",
            "kubectl get deployments,statefulsets,daemonsets,replicasets,jobs,pods,hpa,pdb,nodes,services -A -o json "
            "> workloads.json",
        ),
        "alerts": ("Fired alerts", "they tell what the failures did to services", collect(cluster, window)),
    }
    return [
        (source, Missing(what=what, why=why, command=run))
        for source, (what, why, run) in commands.items()
        if source not in evidence.present
    ]


def _processes(evidence: Evidence, scene: Scene, node: str | None, facts: Facts) -> list[Missing]:
    """The processes of a node that is filling up name the culprit."""
    if facts.basis == "direct" or facts.cause not in (PIDS, ZOMBIES):
        return []
    zone = scene.fleet.facts(node).zone if node else None
    return [
        Missing(
            what=f"The processes of a node that is filling up{f' (perhaps {node})' if node else ''}",
            why="it names the parent that the processes belong to; look before the node dies, a repair wipes it",
            command=login(evidence.cluster, node or "NODE", zone, _PROCESSES),
        )
    ]


def _console(evidence: Evidence, scene: Scene, node: str | None) -> list[Missing]:
    """What only the machine itself still knows: nothing, where a new one stands in its place."""
    if node is None:
        return []
    zone = scene.fleet.facts(node).zone
    serial = command(
        "gcloud", "compute", "instances", "get-serial-port-output", node, f"--zone={zone or 'ZONE'}",
        option("project", evidence.cluster.project),
    )  # fmt: skip
    return [
        Missing(
            what=f"The serial console of {node}, as the VM still holds it (its last megabyte)",
            why=_WHY_LOGS[_SERIAL],
            command=serial,
        )
    ]


def against(drafts: Sequence[Draft], facts: Facts, explanation: Explanation) -> tuple[str, ...]:
    """Evidence that speaks against the verdict, in sentences."""
    found = []
    rest = facts.total - facts.by_any_cause
    if rest > 0:
        found.append(f"{rest} of {facts.total} unplanned episodes show no cause at all.")
    for index, signal in sorted(explanation.consistent.items())[:3]:
        found.append(
            f"{drafts[index].node} shows only {signal}, which this cause brings on, but nothing of the cause itself."
        )
    a = facts.association
    if a and a.same[1] + a.other[1]:
        found.append(f"{a.same[1] + a.other[1]} of {a.controls} control windows on healthy nodes show it as well.")
    if not facts.spoken:
        found.append(
            "Only applications speak of it, each of itself: no line of the node’s own programs, and no metric."
        )
    if facts.calmed:
        found.append(_calm_words(facts))
    if facts.faded:
        found.append(
            f"In {share(facts.faded, facts.count, 'episode')} the node worked on after it as if all were well."
        )
    if facts.covered < facts.count:
        silent = plural(facts.count - facts.covered, "node")
        found.append(f"The logs of {silent} were silent for most of the hour before NotReady.")
    if facts.inferred:
        verb = "was" if facts.inferred == 1 else "were"
        found.append(f"{number(facts.inferred).capitalize()} of the repaired nodes {verb} inferred, not named.")
    if facts.before < facts.count:
        found.append(
            f"In {plural(facts.count - facts.before, 'episode')} the first evidence did not come before NotReady."
        )
    found += [f"{s} has equal claims in the same episodes." for s in facts.rivals]
    return tuple(found)


def _calm_words(facts: Facts) -> str:
    nearest = min(facts.calmed.values(), key=lambda c: abs(c.limit * (0 if c.below else 1) - c.nearest) / c.limit)
    came = f"{nearest.nearest:.0%}" if nearest.limit == 1 else f"{nearest.nearest:,.0f} of {nearest.limit:,.0f}"
    how = "never fell below" if nearest.below else "never rose above"
    where = share(len(facts.calmed), facts.count, "episode")
    return f"{metric_title(nearest.metric)} {how} {came} in the hour before {where}."


def rivals(scene: Scene, facts: Sequence[Facts], associations: Mapping[str, Association]) -> tuple[Rival, ...]:
    """Other explanations that were seen in the same episodes, and why they lost."""
    found: dict[str, Rival] = {}
    for each in facts:
        for signal in (*each.rivals, *each.lesser):
            a = associations.get(signal)
            seen = (
                f"{len(a.with_case)} of {a.cases} case windows and {a.same[1] + a.other[1]} of {a.controls} controls"
                if a
                else ""
            )
            reason = (
                "Equal claims: it keeps the verdict from being surer."
                if signal in each.rivals
                else "Fewer episodes or weaker words"
            )
            found.setdefault(
                signal,
                Rival(
                    signal=signal,
                    title=_title(scene, signal),
                    reason=f"{reason.rstrip('.')}; seen in {seen}." if seen else reason,
                ),
            )
    return tuple(found[s] for s in sorted(found))


def ruled_out(
    scene: Scene, drafts: Sequence[Draft], explanation: Explanation, associations: Mapping[str, Association]
) -> tuple[Rival, ...]:
    """Causes that were looked at and don't hold: background, or only where and when nothing went bad."""
    failing = {d.node for d in drafts}
    found = []
    for signal in (s for s in scene.seen.signals if scene.graph.is_cause(s)):
        a = associations.get(signal)
        if signal in explanation.background and a is not None:
            reason = (
                f"As frequent on healthy nodes and at healthy times: {len(a.with_case)} of {a.cases} case windows, "
                f"{a.same[1] + a.other[1]} of {a.controls} controls."
            )
        elif not any(signal in traces for traces in explanation.traces.values()):
            nodes = [n for n in scene.seen.nodes(signal) if n != NOWHERE]
            healthy = [n for n in nodes if n not in failing]
            where = (
                f"on {plural(len(healthy), 'node')} that stayed healthy"
                if healthy
                else "at times when no node went bad"
            )
            reason = f"Seen only {where}, before none of the episodes."
        else:
            continue
        found.append(Rival(signal=signal, title=_title(scene, signal), reason=reason))
    return tuple(found)


def would_change(facts: Facts | None, scene: Scene) -> tuple[str, ...]:
    """What would change the verdict, in sentences."""
    if facts is None:
        return ("A line, metric or process listing of a failing node, from before NotReady, would establish a cause.",)
    found = [f"A node that goes down with its logs intact and no trace of {facts.cause} beforehand would weaken it."]
    if facts.workload and facts.basis == "direct":
        found.append(f"Lines that name another workload than {facts.workload} as the one that uses the resource up.")
    elif facts.workload:
        found.append(
            f"A failing node on which {facts.workload} did not run; or a process listing that names another parent."
        )
    elif by_a_workload(facts.cause):
        found.append("A line, metric or process listing that names the workload would add a suspect.")
    if facts.rivals:
        found.append(f"An episode with {listed(facts.rivals, 'or')} and without {facts.cause}, or the other way round.")
    upstream = sorted(
        s for s in scene.seen.signals if scene.graph.upstream_of(s, facts.cause) and scene.graph.is_cause(s)
    )
    found += [
        f"Evidence of “{_title(scene, s)}” on the failing nodes would move the cause further up." for s in upstream[:1]
    ]
    return tuple(found)


def _title(scene: Scene, signal: str) -> str:
    declared = scene.graph.signal(signal)
    return declared.title if declared else signal

"""While it still goes on: what happens now, how long until a repair wipes it, and what to save before that."""

import re
from collections.abc import Sequence

from triage.correlate.commands import command, login, option, read_logs
from triage.correlate.episodes import Draft, Scene
from triage.correlate.figures import plural
from triage.correlate.resolve import USUAL
from triage.correlate.times import HOUR, MINUTE, SECOND, moment
from triage.evidence.evidence import Evidence
from triage.model.incident import Verdict
from triage.model.links import quoted
from triage.model.signal import Step
from triage.units import format_duration

NAMED = 3
"""So many nodes are named in the sentence; commands are given for the first of them alone."""
_JOURNAL = "sudo journalctl --no-pager --since=-2h; sudo dmesg"
_PROCESSES = "ps -eo pid,ppid,stat,nlwp,etimes,user,comm --sort=ppid; cat /proc/sys/kernel/pid_max /proc/loadavg"
_REPAIRED_BY_GKE = "GKE repairs a node after about ten minutes of NotReady"


def urge(verdict: Verdict, evidence: Evidence, scene: Scene, drafts: Sequence[Draft]) -> Verdict:
    """The verdict with what happens now in front, where a node is still bad when the evidence ends.

    The first actions are then the commands that save what a repair would wipe; all of them only read.
    """
    still = going_on(drafts)
    if not still:
        return verdict
    return verdict.model_copy(
        update={
            "summary": f"{happening(scene, still)} {verdict.summary}".strip(),
            "actions": (*saving(evidence, scene, still), *verdict.actions),
        }
    )


def going_on(drafts: Sequence[Draft]) -> list[Draft]:
    """Unplanned episodes without an end, on nodes that are known; the one that a repair reaches first comes first."""
    still = [d for d in drafts if d.end is None and d.planned is None and d.known_node]
    return sorted(still, key=lambda d: (d.served_badly is not None, d.onset, d.node))


def happening(scene: Scene, still: Sequence[Draft]) -> str:
    """What happens now: which nodes, since when, and how long until a repair wipes what they hold."""
    told = "; ".join(_told(scene, draft) for draft in still[:NAMED])
    more = f"; and {len(still) - NAMED} more" if len(still) > NAMED else ""
    wiped = any(not d.served_badly and not scene.fleet.repairs_off(d.node) for d in still)
    why = f". {_REPAIRED_BY_GKE}, and what the node holds is gone with its disk" if wiped else ""
    return f"Still going on at {moment(scene.end):%H:%M} UTC, where the evidence ends: {told}{more}{why}."


def _told(scene: Scene, draft: Draft) -> str:
    lasted = format_duration(max((scene.end - draft.onset) // SECOND, 0))
    if draft.served_badly:
        return f"{draft.node} has served badly since {_clock(scene, draft.onset)} ({lasted})"
    if draft.repair:
        return f"{draft.node} has been under repair since {_clock(scene, draft.repair.start)}"
    left = draft.onset + USUAL - scene.end
    if scene.fleet.repairs_off(draft.node):
        due = "and auto-repair is off for its node pool"
    elif left > MINUTE:
        due = f"its repair is due in about {plural(left // MINUTE, 'minute')}"
    elif left >= -MINUTE:
        due = "its repair is due about now"
    elif left < -HOUR:
        due = "and no repair was seen"
    else:
        due = f"its repair has been due for {plural(-left // MINUTE, 'minute')}"
    return f"{draft.node} has been NotReady since {_clock(scene, draft.onset)} ({lasted}), {due}"


def _clock(scene: Scene, at: int) -> str:
    """The time of day, with its date where that is not the last one."""
    when = moment(at)
    return f"{when:%H:%M}" if when.date() == moment(scene.end).date() else f"{when:%F %H:%M}"


def saving(evidence: Evidence, scene: Scene, still: Sequence[Draft]) -> tuple[Step, ...]:
    """The commands that save the first node's evidence, what is lost first in front; each writes one file here."""
    first = next((d for d in still if not d.served_badly), None)
    if first is None:
        return ()
    cluster, node, zone = evidence.cluster, first.node, scene.fleet.facts(first.node).zone
    file = re.sub(r"[^A-Za-z0-9._-]", "-", node)[:63]
    serial = command(
        "gcloud", "compute", "instances", "get-serial-port-output", node, f"--zone={zone or 'ZONE'}",
        option("project", cluster.project),
    )  # fmt: skip
    logs = f'resource.type="k8s_node" AND resource.labels.node_name={quoted(node)}'
    pods = command("kubectl", "get", "pods", "-A", f"--field-selector=spec.nodeName={node}", "-o", "json")
    processes, journal = (login(cluster, node, zone, run) for run in (_PROCESSES, _JOURNAL))
    steps = [
        Step(say=f"Save the serial console of {node} before a repair wipes it", run=f"{serial} > serial-{file}.txt")
    ]
    if processes:
        say = "Save its process list, while a login still works"
        steps.append(Step(say=say, run=f"{processes} > processes-{file}.txt", ssh=True))
    if journal:
        say = "Save its journal and kernel log, of which Cloud Logging may lack the end"
        steps.append(Step(say=say, run=f"{journal} > journal-{file}.txt", ssh=True))
    into = f"entries-{file}.json"
    steps += [
        Step(say="Save what it wrote to Cloud Logging", run=read_logs(cluster, evidence.window, logs, into)),
        Step(say="Save which pods are on it", run=f"{pods} > workloads-{file}.json"),
    ]  # fmt: skip
    return tuple(steps)

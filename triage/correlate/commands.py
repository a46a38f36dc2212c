"""Commands that the report shows, filled in: names quoted, logins only where they are possible."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from triage.model.place import Cluster, Gap, Window
from triage.model.signal import Step
from triage.units import format_time

_PLACE = re.compile(r"\{(node|zone|project|cluster|location|node_pool|namespace|workload|pod|container)\}")
_PLAIN = re.compile(r"[A-Za-z0-9._:/@%+=-]+")
_SSH = "gcloud compute ssh "
IAP = "--tunnel-through-iap"
_RESTARTED = {"Deployment", "StatefulSet", "DaemonSet"}


@dataclass(frozen=True)
class Names:
    """What may be filled in; None where it is not known."""

    cluster: Cluster
    node: str | None = None
    zone: str | None = None
    node_pool: str | None = None
    workload: str | None = None
    kind: str | None = None
    pod: str | None = None
    container: str | None = None

    def values(self) -> dict[str, str]:
        """Placeholder → value, of those that are known."""
        namespace, _, name = (self.workload or "").partition("/")
        target = f"{self.kind.lower()}/{name}" if self.kind in _RESTARTED and self.kind else None
        found = {
            "node": self.node,
            "zone": self.zone,
            "project": self.cluster.project,
            "cluster": self.cluster.name,
            "location": self.cluster.location,
            "node_pool": self.node_pool,
            "namespace": namespace or None,
            "workload": target,
            "pod": self.pod,
            "container": self.container,
        }
        return {key: value for key, value in found.items() if value}


_OF_A_WORKLOAD = {"namespace", "workload", "pod", "container"}


def fill(step: Step, names: Names) -> Step | None:
    """The step with its command filled in; None where it cannot be done here.

    A step that speaks of a workload is left out without a suspect, one that needs a login on Autopilot, and one whose
    names would have to be quoted inside quotes. What else is unknown stays as a capital placeholder (`ZONE`).
    """
    if step.ssh and names.cluster.autopilot:
        return None
    if step.run is None:
        return step
    values = names.values()
    needed = set(_PLACE.findall(step.run))
    if needed & _OF_A_WORKLOAD - set(values):
        return None
    command = _filled(step.run, values)
    if command is None:
        return None
    if names.cluster.private_nodes and command.startswith(_SSH) and IAP not in command:
        command = command.replace(_SSH, f"{_SSH}{IAP} ", 1)
    return step.model_copy(update={"run": command})


def _filled(template: str, values: Mapping[str, str]) -> str | None:
    parts: list[str] = []
    last = 0
    for match in _PLACE.finditer(template):
        value = values.get(match[1], match[1].upper())
        if not _PLAIN.fullmatch(value) or value.startswith("-"):
            if value.startswith("-") or _inside_quotes(template[: match.start()]):
                return None
            value = shlex.quote(value)
        parts += [template[last : match.start()], value]
        last = match.end()
    return "".join([*parts, template[last:]])


def _inside_quotes(before: str) -> bool:
    """Whether a shell would be inside a quoted string at the end of this text."""
    quote = ""
    escaped = False
    for character in before:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif character in "'\"" and quote in ("", character):
            quote = "" if quote else character
    return bool(quote)


def fill_gap(gap: Gap, cluster: Cluster) -> Gap:
    """The gap with what its remedy leaves to fill in (CLUSTER, LOCATION, PROJECT), as far as the evidence tells it."""
    known = {"CLUSTER": cluster.name, "LOCATION": cluster.location, "PROJECT": cluster.project}
    remedy = gap.remedy
    for place, value in known.items():
        if value and _PLAIN.fullmatch(value) and not value.startswith("-"):
            remedy = re.sub(rf"\b{place}\b", value, remedy)
    return gap if remedy == gap.remedy else gap.model_copy(update={"remedy": remedy})


def command(*words: str | None) -> str:
    """Words as one command line, each quoted where it must be; None is left out."""
    return " ".join(shlex.quote(word) for word in words if word is not None)


def option(name: str, value: str | None) -> str | None:
    """`--name=value`, None where the value is unknown."""
    return None if value is None else f"--{name}={value}"


def read_logs(cluster: Cluster, window: Window, filter_: str, file: str) -> str:
    """The `gcloud logging read` that writes these entries to a file of the evidence directory. Reads only."""
    span = f'timestamp>="{format_time(window.start)}" AND timestamp<="{format_time(window.end)}"'
    read = command(
        "gcloud", "logging", "read", f"({filter_}) AND {span}", option("project", cluster.project), "--format=json"
    )
    return f"{read} > {file}"


def collect(cluster: Cluster, window: Window) -> str:
    """The `triage collect` that reads everything for this cluster and time. Reads only."""
    return command(
        "triage",
        "collect",
        f"--cluster={cluster.name}",
        option("project", cluster.project),
        option("location", cluster.location),
        f"--since={format_time(window.start)}",
        f"--until={format_time(window.end)}",
        "--output=evidence.tar.gz",
    )


def login(cluster: Cluster, node: str, zone: str | None, run: str) -> str | None:
    """The `gcloud compute ssh` that runs a command on a node; None on Autopilot, which allows no login."""
    if cluster.autopilot:
        return None
    tunnel = IAP if cluster.private_nodes else None
    return command(
        "gcloud", "compute", "ssh", node, f"--zone={zone or 'ZONE'}", option("project", cluster.project), tunnel,
        f"--command={run}",
    )  # fmt: skip

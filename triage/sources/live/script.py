"""The collection as a shell script of plain gcloud, kubectl and curl calls, for somebody else to run."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from shlex import quote
from urllib.parse import quote_plus, urlencode

from triage.model.links import quoted
from triage.model.place import Ask, Window
from triage.sources.live.kubernetes import KINDS
from triage.sources.live.monitoring import ALERTS_BEFORE, LOG_VOLUME, NODE_METRICS
from triage.sources.live.scope import cluster_clause, within
from triage.units import format_time

HEAD = """\
#!/bin/sh
# Evidence of GKE cluster {cluster}, {start} to {end}.
# Every command only reads. Run it where gcloud is signed in; kubectl is used where it reaches the cluster.
# Then, anywhere: triage incident --cluster {cluster} --from {directory}
set -u
umask 077
mkdir -p {directory} && cd {directory} || exit 1
failed() {{ echo "failed: $1 (the report will name the gap)" >&2; rm -f "$2"; }}
monitoring="${{CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING:-https://monitoring.googleapis.com/}}"
token=
case "$monitoring" in https://*) token="$(gcloud auth print-access-token 2>/dev/null)" ;; esac
ask() {{
  printf 'header = "Authorization: Bearer %s"\\n' "$token" |
    curl --config - --silent --show-error --fail "${{monitoring%/}}/$1"
}}
"""


def by_hand(ask: Ask, reads: Sequence[str], *, project: str | None, resources: Sequence[str], now: datetime) -> str:
    """A POSIX shell script that makes the evidence directory of this question.

    Without a project, gcloud's own is used. Log filters name the cluster; its VMs are told apart when the files are
    read, since the script cannot know their names beforehand.
    """
    window = ask.window(now)
    cluster = ask.cluster or ""
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", cluster)
    directory = f"evidence-{plain}"
    in_project = f" --project={quote(project)}" if project else ""
    named = quote(project) if project else '"$(gcloud config get-value project 2>/dev/null)"'
    described = (
        f"gcloud container clusters describe {quote(cluster)} --location={quote(ask.location)}"
        if ask.location
        else f"gcloud container clusters list {quote(f'--filter=name={cluster}')}"  # it needs to know no location
    )
    clause = cluster_clause(cluster, ())
    lines = [
        HEAD.format(
            cluster=plain,
            directory=directory,
            start=format_time(window.start),
            end=format_time(window.end),
        ),
        f"project={named}",
        _into("operations.json", f"gcloud container operations list{in_project} --format=json"),
        _into("cluster.json", f"{described}{in_project} --format=json"),
    ]
    manifest = {
        "cluster": {"name": cluster, "project": project, "location": ask.location},
        "window": window.model_dump(mode="json"),
        "entries": "selected",
    }
    lines.append(f"printf '%s\\n' {quote(json.dumps(manifest))} > manifest.json")
    views = _views(resources)
    for number, text in enumerate(reads, 1):
        whole = within(text, clause, window)
        command = f"gcloud logging read {quote(whole)}{views}{in_project} --order=asc --format=json"
        lines.append(_into(f"entries-{number}.json", command))
    opened = urlencode({"pageSize": 1000, "orderBy": "open_time desc"})
    lines.append(f"# Alerts, newest first; those that opened since {format_time(window.start - ALERTS_BEFORE)} matter.")
    lines.append(_into("alerts.json", f'ask "v3/projects/$project/alerts?{opened}"'))
    lines.append("# Metrics of the nodes; the last one says how much each of them logged, so that silence can be told.")
    lines.append(f"for metric in {' '.join(NODE_METRICS)}; do")
    lines.append('  file="metrics-$(basename "$metric").json"')
    lines.append(f'  {_series("$metric", cluster, window)} > "$file" || failed "$metric" "$file"')
    lines.append("done")
    volume = _series(LOG_VOLUME, cluster, window).removesuffix('"')
    volume += '&aggregation.alignmentPeriod=300s&aggregation.perSeriesAligner=ALIGN_DELTA"'
    lines.append(_into("metrics-log_entry_count.json", volume))
    kinds = ",".join(plural for _, plural in KINDS)
    lines.append(_into("workloads.json", f"kubectl get {kinds} -A -o json"))
    following = f"triage incident {quote(f'--cluster={cluster}')}"
    lines.append(f"printf 'done; now: %s --from %s\\n' {quote(following)} \"$PWD\"")
    return "\n".join(lines) + "\n"


def _into(name: str, command: str) -> str:
    return f"{command} > {name} || failed {name} {name}"


def _series(metric: str, cluster: str, window: Window) -> str:
    wanted = f'metric.type = "{metric}" AND resource.type = "k8s_node" AND resource.labels.cluster_name = '
    query = {
        "interval.startTime": format_time(window.start),
        "interval.endTime": format_time(window.end),
        "view": "FULL",
        "pageSize": "100000",
    }
    # The shell fills in $metric, which is ours; what stands in the cluster's name must mean nothing to it.
    filter_ = f"{quote_plus(wanted, safe='$/')}{quote_plus(quoted(cluster))}"
    return f'ask "v3/projects/$project/timeSeries?filter={filter_}&{urlencode(query, safe="/")}"'


def _views(resources: Sequence[str]) -> str:
    return f" --resource-names={quote(','.join(resources))}" if resources else ""

"""Reading the JSON documents that are not log entries: whole where they are sound, and as far as they are where not."""

import json
from pathlib import Path
from typing import Any

from triage.model.place import Gap
from triage.sources.files.clean import Skipped, stream_values
from triage.sources.files.contents import Found
from triage.sources.files.decoded import opened, why_broken
from triage.sources.files.sniff import BOM

_LARGEST = 1 << 30

REMEDIES = {
    "operations": "gcloud container operations list --format=json > operations.json",
    "cluster": "gcloud container clusters describe CLUSTER --location LOCATION --format=json > cluster.json",
    "alerts": 'curl -H "Authorization: Bearer $(gcloud auth print-access-token)" '
    "'https://monitoring.googleapis.com/v3/projects/PROJECT/alerts?pageSize=1000' > alerts.json",
    "metrics": "triage collect --cluster CLUSTER --print-commands",
    "workloads": "kubectl get deployments,statefulsets,daemonsets,replicasets,jobs,pods,hpa,pdb,nodes,services "
    "-A -o json > workloads.json",
    "entries": "gcloud logging read 'resource.labels.cluster_name=\"CLUSTER\"' --format=json > entries.json",
}
"""How each kind of evidence is had, with CLUSTER, LOCATION and PROJECT to fill in."""


def read_documents(files: list[Found]) -> tuple[list[Any], list[Gap]]:
    """The JSON values in the files, one after another, and a gap for each file that is not sound.

    A file usually holds one value; several pretty-printed ones, or one a line, are as good. Of a broken file, what
    comes before the break still counts.
    """
    documents: list[Any] = []
    gaps: list[Gap] = []
    for file in files:
        found, why = _read(file.path)
        documents += found
        if why:
            remedy = REMEDIES.get(file.kind, "")
            gaps.append(Gap(source=file.kind, reason=f"{file.name}: {why}", remedy=remedy))
    return documents, gaps


def _read(path: Path) -> tuple[list[Any], str | None]:
    try:
        with opened(path) as whole:
            raw = whole.read(_LARGEST + 1)
            broken = why_broken(whole)
    except OSError as error:
        return [], f"cannot be read: {error.strerror or error}"
    if broken:
        return _as_far_as_it_goes(path, broken)
    if len(raw) > _LARGEST:
        return [], f"is larger than {_LARGEST >> 20} MB"
    if not raw.strip():
        return [], "is empty"
    try:
        return [json.loads(raw.removeprefix(BOM))], None
    except (ValueError, RecursionError):
        return _as_far_as_it_goes(path, None)


def _as_far_as_it_goes(path: Path, broken: str | None) -> tuple[list[Any], str | None]:
    skipped = Skipped()
    # Elements of one array come one by one, so that those before a break are not lost with it.
    documents = [value for _, value in stream_values(path, skipped)]
    if skipped.fatal:
        broken = skipped.fatal
    if skipped.count:
        broken = f"broken JSON ({skipped.places[0]})"
    if broken:
        broken += "; what came before was read" if documents else ""
    return documents, broken

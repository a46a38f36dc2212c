"""Evidence from files: a directory, an archive or a lone file of entries becomes the tables that all stages read."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from triage.errors import InputError
from triage.evidence.asked import Query, Tally
from triage.evidence.evidence import Evidence
from triage.evidence.manifest import Manifest
from triage.evidence.tables import COVERAGE, PLACEMENTS, frame
from triage.evidence.workload import top_controller
from triage.evidence.workloads import Workloads
from triage.model.place import Ask, Cluster, Gap
from triage.sources.files.begun import Begun, begin_reading
from triage.sources.files.belong import Named, Naming, attribute, choose
from triage.sources.files.companions import ABSENT, Companions, of_cluster, read_companions
from triage.sources.files.contents import NOTHING
from triage.sources.files.documents import REMEDIES
from triage.sources.files.entry_files import EntryFiles
from triage.sources.files.kept import kept_entries, log_ids
from triage.sources.files.looks import BIN_NS, PLACE
from triage.sources.files.scan import Scanned, places_of, scan
from triage.sources.files.window import bounds, choose_window, evidence_end, missed, outside
from triage.sources.plan import Plan

_CONTAINER_TYPES = ("k8s_container", "container")


@dataclass(frozen=True)
class _Reading:
    """What was read, before it is known which cluster is meant."""

    path: Path
    files: EntryFiles
    companions: Companions
    scanned: Scanned

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return (*self.files.contents.gaps, *self.files.gaps, *self.companions.gaps)


def read_evidence(path: Path, ask: Ask, plan: Plan) -> Evidence:
    """The evidence of one cluster and window in a directory, `.tar.gz`, `.zip` or lone file of log entries.

    Entries that `plan` does not want are only counted (`coverage`, `placements`). Everything that is missing, broken
    or left out is a gap, or counted in the tally. Raises InputError where there is nothing to read, where the
    cluster is not in the evidence or not the only one of its name, and where the window would end before it starts.
    """
    with begin_reading(path, ask) as begun:
        return read_begun(begun, plan)


def read_begun(begun: Begun, plan: Plan) -> Evidence:
    """The same, of evidence that has begun to be read."""
    ask, survey = begun.ask, begun.survey
    companions = read_companions(begun.contents, begun.manifest, begun.manifest_gaps)
    reading = _Reading(begun.path, survey.files, companions, scan(survey, plan))
    _require(reading)
    cluster, names = _cluster(reading, ask)
    return _assemble(survey.connection, reading, cluster, names, ask)


def _require(reading: _Reading) -> None:
    """Something must be left to tell of: an empty list is an answer, a broken file is none."""
    companions = reading.companions
    if len(reading.scanned.spoke) or len(companions.operations):
        return
    broken = [gap for gap in reading.gaps if gap.source in ("files", "entries", "operations")]
    told = [gap.reason for gap in broken if gap.reason not in ABSENT.values()]
    if told or not (companions.manifest.cluster or companions.descriptions):
        why = told[0] if told else "its files hold no log entry and no operation"
        raise InputError(f"{reading.path}: nothing to read: {why}", remedy=NOTHING)


def _cluster(reading: _Reading, ask: Ask) -> tuple[Cluster, set[str]]:
    """The cluster that is meant, and the names of all that the evidence knows."""
    companions, scanned = reading.companions, reading.scanned
    naming = Naming()
    logs = scanned.logs.assign(n=scanned.spoke.groupby("log")["n"].sum())
    labelled = logs[logs["cluster"] != ""]
    counted = labelled.groupby(["cluster", "location", "project"])["n"].sum()
    for (name, location, project), n in counted.items():
        naming.entries[Named(name, location, project)] += int(n)
    for one in (description.cluster for description in companions.descriptions):
        naming.described[Named(one.name, one.location or "", one.project or "")] += 1
    manifest = companions.manifest
    collected = Named(manifest.cluster, manifest.location or "", manifest.project or "") if manifest.cluster else None
    if collected:
        naming.described[collected] += 1
    targets = companions.operations[["cluster", "location"]].dropna(subset=["cluster"])
    naming.operations.update(Counter(Named(name, place or "") for name, place in targets.itertuples(index=False)))
    cluster = choose(naming, ask, manifest=collected)
    if not cluster.location:  # legacy entries name the node's zone alone
        zones = set(labelled.loc[labelled["cluster"] == cluster.name, "zone"]) - {""}
        cluster = cluster.model_copy(update={"location": zones.pop() if len(zones) == 1 else None})
    return cluster, {named.name for named in naming.all}


def _assemble(
    connection: duckdb.DuckDBPyConnection, reading: _Reading, cluster: Cluster, names: set[str], ask: Ask
) -> Evidence:
    files, companions, scanned = reading.files, reading.companions, reading.scanned
    told, workloads = of_cluster(companions, cluster), companions.workloads
    prefixes = [prefix for owned in told.node_pools["group_prefixes"] for prefix in owned or ()]
    places = attribute(places_of(scanned), told.cluster, names, prefixes=prefixes, nodes=workloads.nodes["node"])
    spoke, logs = scanned.spoke, scanned.logs.merge(places, on=list(PLACE), how="left")
    ours = spoke[logs["belongs"].to_numpy(dtype="bool")[spoke["log"]]]
    end, stray = evidence_end(ours, told.times())
    window = choose_window(ask, companions.manifest.end or end)
    start, stop = bounds(window)
    entries, duplicates = kept_entries(connection, places, start, stop)
    coverage = _coverage(companions, ours, logs, told.logged)
    tally = Tally(
        read=int(spoke["n"].sum()) + scanned.malformed,
        kept=len(entries),
        outside_window=outside(ours, start, stop),
        other_cluster=int(spoke["n"].sum() - ours["n"].sum()),
        duplicates=duplicates,
        malformed=scanned.malformed,
    )
    absent = _absent_entries(files, companions.manifest)
    gaps = [*reading.gaps, *told.gaps, stray, absent, _nameless(scanned), missed(ours, window)]
    return Evidence(
        cluster=told.cluster,
        window=window,
        entries=entries,
        coverage=coverage,
        placements=_placements(
            scanned.pods.merge(places, on=list(PLACE), how="left"), workloads, min(stop, end or stop)
        ),
        operations=told.operations,
        alerts=told.alerts,
        metrics=told.metrics,
        pods=workloads.pods,
        nodes=workloads.nodes,
        node_pools=told.node_pools,
        objects=workloads.objects,
        present=_present(companions, files, told.metrics),
        gaps=tuple(dict.fromkeys(gap for gap in gaps if gap)),
        queries=companions.manifest.queries or (Query("entries", "", len(files.files), tally.read),),
        tally=tally,
        ignored=tuple(files.contents.ignored),
    )


def _placements(pods: pd.DataFrame, workloads: Workloads, seen: int) -> pd.DataFrame:
    found = [_spoken_placements(pods), workloads.placements_until(seen)]
    return frame(PLACEMENTS, pd.concat([table for table in found if len(table)] or found[:1], ignore_index=True))


def _absent_entries(files: EntryFiles, manifest: Manifest) -> Gap | None:
    if files.contents.of("entries") or any(gap.source == "entries" for gap in manifest.gaps):
        return None
    return Gap(source="entries", reason=ABSENT["entries"], remedy=REMEDIES["entries"])


def _nameless(scanned: Scanned) -> Gap | None:
    """Most entries name no log: what is told from a log's name is then lost, however many there are."""
    counted = scanned.spoke.groupby("log")["n"].sum()
    total, nameless = int(counted.sum()), int(counted[scanned.logs["log_name"] == ""].sum())
    if 2 * nameless <= total:
        return None
    reason = f"{nameless:,} of {total:,} entries have no logName, so it is not known which program spoke"
    return Gap(source="entries", reason=reason, remedy=REMEDIES["entries"])


def _present(companions: Companions, files: EntryFiles, metrics: pd.DataFrame) -> frozenset[str]:
    """Which sources were there. How much a node logged is a measure of its logs, and no metric of the node."""
    present = companions.present | ({"entries"} if files.files else frozenset())
    return present if (metrics["metric"] != "log_entry_count").any() else present - {"metrics"}


def _coverage(companions: Companions, ours: pd.DataFrame, logs: pd.DataFrame, logged: pd.DataFrame) -> pd.DataFrame:
    """Who spoke when: from the entries where they are whole streams, else from the metric that counts them."""
    if companions.manifest.selected:
        return logged
    told = logs[["name", "log_name", "rtype"]].assign(log_id=log_ids(logs["log_name"]))
    same = told.groupby(["name", "log_name", "rtype"], dropna=False, sort=False).ngroup().to_numpy()
    grouped = ours.assign(log=same[ours["log"]]).groupby(["log", "bin"], as_index=False, sort=False)
    table = grouped.agg(count=("n", "sum"), first=("first", "min"), last=("last", "max"))
    table["bin"] = table["bin"] * BIN_NS
    told = told.assign(log=same).drop_duplicates("log").set_index("log").loc[table["log"]].reset_index(drop=True)
    told["rtype"] = told["rtype"].replace("", None)
    named = frame(COVERAGE, table.join(told.rename(columns={"name": "node", "rtype": "resource_type"})))
    return named.sort_values(["bin", "log_id"], kind="stable", ignore_index=True)


def _spoken_placements(pods: pd.DataFrame) -> pd.DataFrame:
    """Where pods ran, as their own logs tell: the entry names the pod and the VM, or (once) the pod alone."""
    rows = []
    known = pods[pods["belongs"].astype(bool) & pods["rtype"].isin(_CONTAINER_TYPES)]
    for pod in known.to_dict("records"):
        namespace, node = pod["namespace"] or "default", pod["name"] if isinstance(pod["name"], str) else None
        labels = {
            "logging.gke.io/top_level_controller_name": pod["controller"],
            "logging.gke.io/top_level_controller_type": pod["controller_type"],
        }
        controller = top_controller(namespace, pod["pod"], labels=labels, node=node)
        rows.append(
            {
                "namespace": namespace,
                "pod": pod["pod"],
                "node": node,
                "workload": controller.within(namespace),
                "kind": controller.kind,
                "first": pod["first"],
                "last": pod["last"],
                "source": "container-log",
            }
        )
    return frame(PLACEMENTS, rows)

"""Collect: every live source into one bundle, each failure a gap."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import Any

from triage.errors import AccessError, DeniedError, InputError, SourceError
from triage.evidence.asked import Query
from triage.model.place import Ask, Gap, Window
from triage.sources.live.access import Access
from triage.sources.live.ahead import Ahead
from triage.sources.live.bundle import Bundle, Read
from triage.sources.live.clusters import location_of, pick_cluster
from triage.sources.live.contact import NO_WAY_OUT
from triage.sources.live.container import ContainerReader
from triage.sources.live.kubernetes import read_workloads
from triage.sources.live.logging import LogReader
from triage.sources.live.monitoring import LOG_VOLUME, NODE_METRICS, MonitoringReader
from triage.sources.live.scope import cluster_clause, group_prefixes, within
from triage.sources.live.together import together
from triage.sources.live.volume import Volume
from triage.units import format_time

Progress = Callable[[str, int, int | None], None]
"""Told of every step: which source, how many records so far, and how many there will be where that is known."""

RAW_METRIC_NODE_HOURS = 3000
"""Up to so many nodes × hours, metrics are read as sampled; beyond, five-minute maxima."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one collection."""

    max_entries: int = 2_000_000
    """Log entries; what lies beyond becomes a gap."""
    patience_s: float = 180
    """How long a source may answer with passing faults before it is given up."""


@dataclass(frozen=True)
class Collection:
    """What was collected, and where it lies."""

    path: Path
    ask: Ask
    """What the bundle answers: the question, with the place of the cluster and the window that was read."""
    gaps: tuple[Gap, ...]
    resumed: bool
    """Whether an earlier run began this window."""
    interrupted: bool


@dataclass
class _Run:
    """One collection under way."""

    access: Access
    bundle: Bundle
    window: Window
    cluster: dict[str, Any]
    limits: Limits
    progress: Progress
    stop: threading.Event
    failed: list[SourceError]
    answered: int = 0
    volume: Volume = field(default_factory=Volume)
    """How much the nodes logged when; empty until Cloud Monitoring has told."""

    @contextmanager
    def gap(self, source: str) -> Iterator[None]:
        """A source that fails becomes a gap, and the collection goes on."""
        try:
            yield
            self.answered += 1
        except SourceError as error:
            if source != "workloads":  # whoever may read nothing is not helped by a kubeconfig
                self.failed.append(error)
            self.bundle.gaps.append(Gap(source=source, reason=str(error), remedy=error.remedy))
            if source == "entries":
                self.bundle.give_up()


def collect(
    access: Access,
    ask: Ask,
    reads: Sequence[str],
    path: Path,
    *,
    now: datetime,
    resources: Sequence[str] = (),
    kubeconfig: Path | None = None,
    limits: Limits = Limits(),
    progress: Progress = lambda *_: None,
) -> Collection:
    """Read operations, the cluster, log entries, alerts, metrics and workloads into the directory `path`.

    `reads` are the folded filters of what signals and joins want. A run that was cut short is completed, a finished one
    is added to. On Ctrl-C, what is there is kept and `interrupted` is true.
    Raises InputError for an unknown or ambiguous cluster, AccessError where nothing at all may be read.
    """
    bundle = Bundle.open(path)
    begun = bundle.unfinished()
    try:
        window = _window(ask, now, begun)
        run = _Run(access, bundle, window, {}, limits, progress, threading.Event(), [])
        interrupted = _read_all(run, ask, reads, tuple(resources), kubeconfig)
        if run.answered == 0 and not interrupted:
            raise _nothing_to_read(run)
    except (InputError, AccessError):
        bundle.abandon()
        raise
    # A project's number says nothing that entries would say, too.
    project = None if access.project.isdigit() else access.project
    place = Ask(run.cluster["name"], project, location_of(run.cluster), window.start, window.end)
    return Collection(path, place, tuple(bundle.gaps), window == begun, interrupted)


def _read_all(run: _Run, ask: Ask, reads: Sequence[str], resources: tuple[str, ...], kubeconfig: Path | None) -> bool:
    """Find the cluster, then read every source of it; True where Ctrl-C cut that short."""
    bundle, project = run.bundle, run.access.project
    patience_s = min(run.limits.patience_s, 60)
    # All else waits for the cluster's description; where GKE is silent, at least it is waited for once only.
    operations = Ahead(ContainerReader(run.access, patience_s).operations, "read-operations")
    with run.gap("cluster"):
        run.cluster = _described(ContainerReader(run.access, patience_s), ask)
    run.cluster = run.cluster or {"name": _named(ask), "location": ask.location}
    bundle.begin({"name": run.cluster["name"], "project": project, "location": location_of(run.cluster)}, run.window)
    clause = cluster_clause(run.cluster["name"], group_prefixes(run.cluster))
    places = resources or (f"projects/{project}",)
    pending = [bundle.read_for(within(text, clause, run.window), places, run.window) for text in reads]
    bundle.save()
    if run.answered:
        bundle.write("cluster.json", run.cluster)
    unread = together(
        {
            "operations": lambda: _operations(run, operations),
            "alerts": lambda: _alerts(run),
            "metrics": lambda: _metrics(run),
            "workloads": lambda: _workloads(run, kubeconfig),
            "entries": lambda: _entries(run, pending),
        },
        run.stop,
    )
    for source in sorted((unread or set()) - {"entries"}):  # reads that are not complete are gaps by themselves
        bundle.gaps.append(Gap(source=source, reason="interrupted before it was read", remedy="run it again"))
    bundle.close()
    return unread is not None


def _described(container: ContainerReader, ask: Ask) -> dict[str, Any]:
    """The cluster that is meant. Raises SourceError where it may lie in a location that did not answer."""
    clusters, missing = container.clusters()
    try:
        return pick_cluster(clusters, ask)
    except InputError as unknown:
        if missing and ask.cluster:
            silent = f"reading clusters: no answer from {', '.join(missing)}"
            raise SourceError(silent, remedy="run it again in a while") from unknown
        raise


def _named(ask: Ask) -> str:
    if ask.cluster is None:
        raise InputError("which cluster? The clusters of the project cannot be listed", remedy="name it by --cluster")
    return ask.cluster


def _window(ask: Ask, now: datetime, begun: Window | None) -> Window:
    """The window to read: the one that an earlier run has begun, unless another one is asked for by its times."""
    try:
        asked = ask.window(now)
        if asked.start > now:
            raise InputError(
                f"the window lies in the future, from {format_time(asked.start)} on",
                remedy="give --until an earlier time, or leave it out",
            )
        if asked.end > now:  # nothing was logged yet, and silence there would be taken for silence
            asked = Window(start=asked.start, end=now)
    except ValueError:
        raise InputError(
            "--since lies after --until", remedy="give --since an earlier time, or a length like 24h"
        ) from None
    if begun and ask.until is None and (isinstance(ask.since, timedelta) or begun.start == asked.start):
        return begun
    return asked


def _operations(run: _Run, ahead: Ahead[tuple[list[dict[str, Any]], list[str]]]) -> None:
    with run.gap("operations"):
        run.progress("operations", 0, None)
        operations, missing = ahead.result()
        run.bundle.write(f"operations-{_stamp(run)}.json", operations)
        run.bundle.queries.append(Query("operations", f"projects/{run.access.project}/locations/-", 1, len(operations)))
        run.progress("operations", len(operations), len(operations))
        if missing:
            raise SourceError(
                f"reading GKE operations: no answer from {', '.join(missing)}", remedy="run it again in a while"
            )


def _alerts(run: _Run) -> None:
    with run.gap("alerts"):
        run.progress("alerts", 0, None)
        alerts = MonitoringReader(run.access, min(run.limits.patience_s, 90)).alerts(run.window)
        run.bundle.write(f"alerts-{_stamp(run)}.json", {"alerts": alerts})
        run.bundle.queries.append(Query("alerts", "order by open_time desc", 1, len(alerts)))
        run.progress("alerts", len(alerts), len(alerts))


def _metrics(run: _Run) -> None:
    with run.gap("metrics"):
        reader = MonitoringReader(run.access, min(run.limits.patience_s, 90))
        hours = (run.window.end - run.window.start) / timedelta(hours=1)
        nodes = int(run.cluster.get("currentNodeCount") or 0)
        align_s = 300 if nodes * hours > RAW_METRIC_NODE_HOURS else 0
        series: list[dict[str, Any]] = []
        measured = 0
        # The volume of the logs comes first: it sizes the reads of entries, which go on beside this one.
        for done, metric in enumerate((LOG_VOLUME, *NODE_METRICS)):
            if run.stop.is_set():
                break
            run.progress("metrics", done, len(NODE_METRICS) + 1)
            found = reader.series(metric, run.cluster["name"], run.window, align_s=align_s)
            series += found
            if metric == LOG_VOLUME:
                run.volume = Volume.of(found)
            run.bundle.queries.append(Query("metrics", f'metric.type = "{metric}"', 1, len(found)))
            measured += len(found) if metric != LOG_VOLUME else 0
        run.bundle.write(f"metrics-{_stamp(run)}.json", {"timeSeries": series})
        if run.stop.is_set():
            raise SourceError("reading metrics: interrupted", remedy="run it again")
        run.progress("metrics", len(NODE_METRICS) + 1, len(NODE_METRICS) + 1)
        if not measured:
            name, place = quote(run.cluster["name"]), quote(str(location_of(run.cluster)))
            raise SourceError(
                "reading metrics: Cloud Monitoring holds none of the cluster's nodes in this window",
                remedy=f"gcloud container clusters update {name} --location={place}"
                f" --project={quote(run.access.project)} --monitoring=SYSTEM"
                "   # changes the cluster",
            )


def _workloads(run: _Run, kubeconfig: Path | None) -> None:
    with run.gap("workloads"):
        run.progress("workloads", 0, None)
        objects = read_workloads(run.cluster, run.access.project, kubeconfig=kubeconfig)
        run.bundle.write(f"workloads-{_stamp(run)}.json", {"apiVersion": "v1", "kind": "List", "items": objects})
        run.bundle.queries.append(Query("workloads", "deployments, pods, nodes, …", 1, len(objects)))
        run.progress("workloads", len(objects), len(objects))


def _entries(run: _Run, reads: Sequence[Read]) -> None:
    total = 0
    with run.gap("entries"):
        for done, read in enumerate(reads):
            if not read.complete and not run.stop.is_set():
                total = _one_read(run, read, total, done, len(reads))
        run.progress("entries", total, None if run.stop.is_set() else total)


def _one_read(run: _Run, read: Read, total: int, done: int, of: int) -> int:
    """Read the pages of one filter, the `done`-th of `of`; returns `total` and what they hold."""
    reader = LogReader(run.access, read.resources, run.limits.patience_s, requests=read.requests)
    run.bundle.mend(read)
    text = f'({read.filter})\ntimestamp>="{read.last}"' if read.last else read.filter
    for page in reader.pages(text):
        run.bundle.append(read, page)
        read.last = max(read.last, str(page[-1].get("timestamp", "")))
        read.requests = reader.requests
        run.bundle.save()  # page by page: whoever is killed goes on from here
        total += len(page)
        run.progress("entries", total, _expected(total, done + run.volume.share(read.last, run.window), of))
        if run.stop.is_set():
            return total
        if total >= run.limits.max_entries:
            raise SourceError(
                f"reading logs: stopped after {total:,} entries, at {read.last}",
                remedy="narrow --since, or collect the window in parts",
            )
    if not run.stop.is_set():
        read.complete = True
    run.bundle.save()
    return total


def _expected(total: int, done: float, of: int) -> int | None:
    """How many entries there will be, where `total` came of `done` reads of `of`; None while too little is read."""
    return round(total * of / done) if done >= 0.02 * of else None


def _stamp(run: _Run) -> str:
    return format_time(run.window.end).replace(":", "").replace("-", "").replace(".", "_")


def _nothing_to_read(run: _Run) -> AccessError:
    if not run.access.contact.made:
        return AccessError(f"no Google API can be reached; {run.failed[0]}", remedy=NO_WAY_OUT)
    failed = [error for error in run.failed if isinstance(error, DeniedError)] or run.failed
    first, remedies = failed[0], dict.fromkeys(error.remedy for error in failed if error.remedy)
    return AccessError(f"nothing may be read of project {run.access.project}: {first}", remedy="\n".join(remedies))

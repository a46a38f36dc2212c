"""Which cluster is meant, and which of the places that entries come from belong to it."""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from triage.errors import InputError
from triage.model.place import Ask, Cluster

_SHORTENED = 10  # GKE cuts long cluster names in VM names, but never to fewer characters than this


@dataclass(frozen=True, order=True)
class Named:
    """A cluster as one piece of evidence names it; empty texts where it does not say."""

    name: str
    location: str = ""
    project: str = ""


@dataclass
class Naming:
    """Every cluster that the evidence names, by how many records do."""

    entries: Counter[Named] = field(default_factory=Counter)
    described: Counter[Named] = field(default_factory=Counter)
    """By cluster descriptions and the manifest."""
    operations: Counter[Named] = field(default_factory=Counter)

    @property
    def all(self) -> Counter[Named]:
        """All of them together."""
        return self.entries + self.described + self.operations

    def candidates(self) -> set[str]:
        """The names that could be meant where none is given.

        Who adds one cluster's description means that cluster; operations lists cover whole projects, entries seldom do.
        """
        described = {named.name for named in self.described}
        if len(described) == 1:
            return described
        return {named.name for named in (self.entries + self.described or self.operations)}


def choose(naming: Naming, ask: Ask, *, manifest: Named | None) -> Cluster:
    """The cluster that is asked for, with the project and location that most of the evidence gives it.

    `manifest` is the one that the evidence was collected of: it is meant where the call says no more than its name.

    Raises InputError where the evidence does not know it, or knows several that could be meant.
    """
    known = sorted({named.name for named in naming.all})
    name = ask.cluster or _only(naming, manifest)
    if known and name not in known:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else "name one of them with --cluster"
        raise InputError(f"no cluster {name!r} in the evidence; found {_listed(known)}", remedy=hint)
    same = {named: n for named, n in naming.all.items() if named.name == name}
    fitting = {
        named: n
        for named, n in same.items()
        if _agree(named.location, ask.location) and (_agree(named.project, ask.project) or named.project.isdigit())
    }
    projects = {named.project for named in same if named.project and not named.project.isdigit()}
    asked = ask.project if ask.project and not ask.project.isdigit() else None
    if same and (not fitting or (asked and projects and asked not in projects)):
        where = " ".join(filter(None, [ask.location and f"in {ask.location}", ask.project and f"of {ask.project}"]))
        raise InputError(f"no cluster {name!r} {where} in the evidence; found {_places(same)}", remedy="")
    if manifest and manifest.name == name:
        of_it = {named: n for named, n in fitting.items() if _is_of(named, manifest, ask)}
        fitting = of_it or fitting
    locations = {named.location for named in fitting if named.location}
    projects = {named.project for named in naming.entries if named in fitting and named.project}
    if len(locations) > 1 or len(projects) > 1:
        raise InputError(
            f"several clusters are called {name}: {_places(fitting)}", remedy="say which with --location or --project"
        )
    return Cluster(
        name=name,
        project=ask.project or _most(fitting, "project"),
        location=ask.location or _most(fitting, "location"),
    )


def _only(naming: Naming, manifest: Named | None) -> str:
    candidates = naming.candidates()
    if manifest:
        return manifest.name
    if not candidates:
        raise InputError("the evidence does not name its cluster", remedy="name it with --cluster")
    if len(candidates) > 1:
        raise InputError(
            f"the evidence holds several clusters: {_listed(sorted(candidates))}", remedy="name one with --cluster"
        )
    return candidates.pop()


def _agree(told: str, asked: str | None) -> bool:
    return not told or not asked or told == asked


def _is_of(named: Named, manifest: Named, ask: Ask) -> bool:
    """Whether it is the manifest's own, in what the call leaves open."""
    location = ask.location or manifest.location
    project = ask.project or manifest.project
    return _agree(named.location, location) and (_agree(named.project, project) or named.project.isdigit())


def _most(named: Mapping[Named, int], part: str) -> str | None:
    counted: Counter[str] = Counter()
    for one, n in named.items():
        value = getattr(one, part)
        if value and not (part == "project" and value.isdigit()):  # a project's number is no name for people
            counted[value] += n
    return max(sorted(counted), key=lambda value: counted[value]) if counted else None


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more


def _places(named: Iterable[Named]) -> str:
    known = list(named)
    full = {(one.name, one.location) for one in known if one.project}
    located = {one.name for one in known if one.location}
    known = [one for one in known if one.project or (one.name, one.location) not in full]
    known = [one for one in known if one.location or one.name not in located]
    told = {f"{one.name} in {one.location or '?'}" + (f" ({one.project})" if one.project else "") for one in known}
    return _listed(sorted(told))


def attribute(
    places: pd.DataFrame, cluster: Cluster, names: set[str], *, prefixes: Iterable[str] = (), nodes: Iterable[str] = ()
) -> pd.DataFrame:
    """Tell for each place whether it belongs to `cluster`, and which node it is.

    `places` has the columns of `scan.PLACE` (empty texts for what is absent); `names` are all clusters that the
    evidence names, `prefixes` the VM name prefixes of this cluster's node pools, `nodes` its nodes as Kubernetes
    lists them. Returns the places with two more columns, `belongs` (bool) and `name` (the node, or None).
    """
    known = _Known(places, cluster, names, tuple(prefixes), frozenset(nodes))
    told = [known.judge(place) for place in places.to_dict("records")]
    return places.assign(
        belongs=pd.Series([belongs for belongs, _ in told], index=places.index, dtype="bool"),
        name=pd.Series([name for _, name in told], index=places.index, dtype="object"),
    )


def named_everywhere(places: pd.DataFrame) -> pd.DataFrame:
    """As `attribute`, with every place belonging, whatever its cluster."""
    known = _Known(places, Cluster(name=""), set(), (), frozenset())
    names = [known.judge(place)[1] for place in places.to_dict("records")]
    return places.assign(belongs=True, name=pd.Series(names, index=places.index, dtype="object"))


class _Known:
    """What the labelled entries teach about the others: which VM is of which cluster, which instance is which VM."""

    def __init__(
        self, places: pd.DataFrame, cluster: Cluster, names: set[str], prefixes: tuple[str, ...], nodes: frozenset[str]
    ) -> None:
        self.cluster = cluster
        self.names = names | {cluster.name}
        self.vm_of: dict[str, str] = {}
        self.cluster_of = dict.fromkeys(nodes, cluster.name)
        self.group_of = dict.fromkeys(prefixes, cluster.name)
        for place in places.to_dict("records"):
            vm = place["node"] or place["vm"]
            if place["instance"] and vm and not vm.endswith("-grp"):
                self.vm_of[place["instance"]] = vm
            if place["cluster"] and vm:
                self.cluster_of[vm] = place["cluster"]
                if vm.startswith("gke-"):
                    self.group_of[_group(vm)] = place["cluster"]

    def judge(self, place: Mapping[str, str]) -> tuple[bool, str | None]:
        """Whether the place belongs to the cluster, and its node's name; None where it is no node."""
        vm = place["node"] or place["vm"] or self.vm_of.get(place["instance"], "")
        is_node = (
            vm
            and not vm.endswith("-grp")
            and (not place["rtype"].startswith("gce_") or place["rtype"] == "gce_instance")
        )
        return self._belongs(place, vm), vm if is_node else None

    def _belongs(self, place: Mapping[str, str], vm: str) -> bool:
        cluster = self.cluster
        if place["cluster"]:
            return (
                place["cluster"] == cluster.name
                and _agree(place["location"], cluster.location)
                and (_agree(place["project"], cluster.project) or place["project"].isdigit())
            )
        if vm:
            return (self.cluster_of.get(vm) or self.group_of.get(_group(vm)) or self._by_name(vm)) == cluster.name
        # Nothing tells the cluster: it can only be the one there is.
        return len(self.names) == 1

    def _by_name(self, vm: str) -> str | None:
        """The cluster whose name, as GKE may have shortened it, starts the VM's: `gke-CLUSTER-POOL-HASH-SUFFIX`."""
        rest = vm.removeprefix("gke-")
        if rest == vm:
            return None
        fitting = [name for name in self.names if any(rest.startswith(f"{start}-") for start in _shortenings(name))]
        return max(fitting, key=len, default=None)


def _shortenings(name: str) -> list[str]:
    return [name, *(name[:end].rstrip("-") for end in range(_SHORTENED, len(name)))]


def _group(vm: str) -> str:
    """The part of a VM's name that its instance group gives it: all but the last few characters."""
    return vm.rpartition("-")[0] + "-"

"""Which controller of `workloads.json` made a pod that is no longer there, by the name that it would have given.

A pod that died with its node is in no list; its Deployment, Job or StatefulSet mostly still is. Pods' names are made by
`k8s.io/apiserver/pkg/storage/names` (a base cut to 58 characters, then five more), indexed Jobs' by
`kubernetes/pkg/controller/job/indexed_job_utils.go` (`podGenerateNameWithIndex`), StatefulSets' by their ordinal.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from triage.evidence.fields import first_text, mapping, objects
from triage.evidence.workload import SAFE, Controller, top_controller

_LONGEST_BASE = 58
_TAIL = re.compile(r"[a-z0-9]{5}")
_BASES: Mapping[str, str] = {
    "Deployment": rf"-[{SAFE}]{{1,10}}-",
    "ReplicaSet": "-",
    "DaemonSet": "-",
    "Job": r"-(?:\d+-)?",
    "CronJob": r"-\d{8,10}-(?:\d+-)?",
}
"""What follows the controller's name in the base of its pods' names."""


@dataclass(frozen=True)
class _Maker:
    name: str
    kind: str
    top: Controller


@dataclass(frozen=True)
class Declared:
    """The controllers that Kubernetes lists, by namespace."""

    makers: Mapping[str, tuple[_Maker, ...]] = field(default_factory=dict)

    def controller(self, namespace: str, pod: str) -> Controller | None:
        """The top controller of the one with the longest name that may have named the pod; None where none may, or
        where several of different controllers may."""
        found = [maker for maker in self.makers.get(namespace, ()) if _may_have_named(maker, pod)]
        most = max((len(maker.name) for maker in found), default=0)
        tops = {maker.top for maker in found if len(maker.name) == most}
        return tops.pop() if len(tops) == 1 else None


def declared_by(listed: Iterable[Mapping[str, Any]]) -> Declared:
    """The controllers among Kubernetes objects (as in `Evidence.objects`)."""
    named: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for one in listed:
        metadata = mapping(one.get("metadata"))
        kind, name = first_text(one, "kind") or "", first_text(metadata, "name")
        if name and (kind in _BASES or kind == "StatefulSet"):
            named[kind, first_text(metadata, "namespace") or "", name] = objects(metadata.get("ownerReferences"))
    makers: dict[str, list[_Maker]] = {}
    for kind, namespace, name in named:
        owner = [{"kind": kind, "name": name, "controller": True}]
        top = top_controller(namespace, name, owner_references=owner, owners=named)
        makers.setdefault(namespace, []).append(_Maker(name, kind, top))
    return Declared({namespace: tuple(found) for namespace, found in makers.items()})


def _may_have_named(maker: _Maker, pod: str) -> bool:
    if not pod.startswith(maker.name[: _LONGEST_BASE - 1]):
        return False
    if maker.kind == "StatefulSet":
        return re.fullmatch(r"-\d+", pod.removeprefix(maker.name)) is not None
    base, tail = pod[:-5], pod[-5:]
    if not _TAIL.fullmatch(tail):
        return False
    if len(base) == _LONGEST_BASE and (f"{maker.name}-".startswith(base) or _cut(maker, base)):
        return True
    return base.startswith(maker.name) and re.fullmatch(_BASES[maker.kind], base[len(maker.name) :]) is not None


def _cut(maker: _Maker, base: str) -> bool:
    """Whether the base ends inside a Deployment's hash, which has up to ten characters and a hyphen after it."""
    rest = base.removeprefix(f"{maker.name}-")
    return maker.kind == "Deployment" and rest != base and re.fullmatch(f"[{SAFE}]{{1,10}}", rest) is not None

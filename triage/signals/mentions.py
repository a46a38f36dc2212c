"""How log lines name a pod or a container: cgroup paths, ids, and names, in all the spellings of kernels and kubelets.

cgroupfs driver    /kubepods/burstable/pod<uid>/<container>
systemd driver     …/kubepods-burstable-pod<uid, _ for ->.slice/cri-containerd-<container>.scope
                   …/docker-<container>.scope, crio-<container>.scope; also below kubelet.slice or system.slice
kubelet            pod="ns/name" podUID="…" containerID="containerd://…"; before 1.19 "name_ns(uid)"
containerd         PodSandboxMetadata{Name:…,Uid:…,Namespace:…}
A static pod's uid is a hash: 32 hex digits without hyphens.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from triage.signals.extract import compiled

_HEX = "[0-9a-f]"
_UUID = f"{_HEX}{{8}}[-_]{_HEX}{{4}}[-_]{_HEX}{{4}}[-_]{_HEX}{{4}}[-_]{_HEX}{{12}}|{_HEX}{{32}}"
_NAME = "[a-z0-9][-a-z0-9.]*"
_NAMESPACE = "[a-z0-9][-a-z0-9]*"
_CONTAINER = f"{_HEX}{{64}}"

_CGROUP = compiled(rf"[-/]pod({_UUID})(?:\.slice)?(?:/(?:[a-z]+(?:-[a-z]+)*-)?({_CONTAINER}))?")
_SCOPE = compiled(rf"(?:/docker/|/system\.slice/docker-|\b(?:cri-containerd|docker|crio)-)({_CONTAINER})")
_VICTIM = compiled(r"task_memcg=([^\s,]+)")
_KEY_POD = compiled(rf'\bpods?=\[?"({_NAMESPACE})/({_NAME})"')
_OLD_POD = compiled(rf"\b({_NAME})_({_NAMESPACE})\(({_UUID})\)")
_SANDBOX = compiled(rf"PodSandboxMetadata\{{Name:({_NAME}),Uid:([^,\s]+),Namespace:({_NAMESPACE}),")
_KEY_UID = compiled(rf'\b(?:podUID|pod_uid|UID|uid)[=:]"?({_UUID})\b')
_VOLUME_UID = compiled(rf"/(?:kubelet|kubernetes)/pods/({_UUID})\b")
_PLAIN_ID = compiled(rf"(?:^|[^0-9a-f:]|(?:containerd|docker|cri-o)://)({_CONTAINER})(?:[^0-9a-f]|$)")


_RUNTIMES = ("/docker/", "docker-", "cri-containerd-", "crio-")


class Mention(NamedTuple):
    """What a line says of a pod; `basis` is how it says it."""

    basis: str
    uid: str | None = None
    container_id: str | None = None
    namespace: str | None = None
    pod: str | None = None


def mention_in(message: str, extracted: Mapping[str, str] | None = None) -> Mention | None:
    """The pod that a message speaks of, by the most direct words it has; None where it names none.

    `extracted` is what the signal's patterns found: `cgroup`, `pod_uid`, `container_id`, `namespace` and `pod` count.
    """
    extracted = extracted or {}
    cgroup = _cgroup(extracted.get("cgroup", "")) or _cgroup(_victims(message))
    if cgroup:
        return cgroup
    old = _search(_OLD_POD, message, "_", "(")
    if old:
        return Mention("pod-uid", dashed(old[3]), namespace=old[2], pod=old[1])
    sandbox = _search(_SANDBOX, message, "PodSandboxMetadata{")
    if sandbox:
        return Mention("pod-uid", dashed(sandbox[2]), namespace=sandbox[3], pod=sandbox[1])
    named = _search(_KEY_POD, message, "pod", '="') or _search(_KEY_POD, message, "pods=[")
    namespace, pod = (named[1], named[2]) if named else (extracted.get("namespace"), extracted.get("pod"))
    uid = (
        _search(_KEY_UID, message, "UID")
        or _search(_KEY_UID, message, "uid")
        or _search(_VOLUME_UID, message, "/pods/")
    )
    uid_text = uid[1] if uid else extracted.get("pod_uid")
    if uid_text:
        return Mention("pod-uid", dashed(uid_text), namespace=namespace, pod=pod)
    if namespace and pod:
        return Mention("pod-name", namespace=namespace, pod=pod)
    plain = None if extracted.get("container_id") or len(message) < 64 else _PLAIN_ID.search(message)
    container = extracted.get("container_id") or (plain[1] if plain else None)
    return Mention("container-id", container_id=container) if container else None


def _search(pattern: Any, text: str, *needles: str) -> Any:
    """The pattern's match; not even sought where the text lacks one of the needles, which is far cheaper to see."""
    return pattern.search(text) if all(needle in text for needle in needles) else None


def _victims(message: str) -> str:
    """The part of an OOM record that names the victim: its `cpuset` and `mems_allowed` are those of whoever asked."""
    victim = _search(_VICTIM, message, "task_memcg=")
    return str(victim[1]) if victim else message


def _cgroup(text: str) -> Mention | None:
    if len(text) < 32:
        return None
    found = _CGROUP.search(text) if "/pod" in text or "-pod" in text else None
    if found:
        return Mention("cgroup", dashed(found[1]), found[2])
    container = _SCOPE.search(text) if any(runtime in text for runtime in _RUNTIMES) else None
    return Mention("cgroup", container_id=container[1]) if container else None


def dashed(uid: str) -> str:
    """A pod's uid as the API writes it, whatever the cgroup driver made of its hyphens."""
    return uid.replace("_", "-")

"""Log entries by the million, as a busy cluster of fifty nodes writes them, with one node running out of PIDs."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

Pod = tuple[str, str, str]
Entry = dict[str, object]
START = datetime(2026, 3, 1, tzinfo=UTC)
SPAN = timedelta(hours=24)
CLUSTER = "shop"
PROJECT = "shop-prod"
LOCATION = "us-central1-a"


def write_entries(path: Path, count: int, *, seed: int = 7) -> None:
    """Write `count` entries to `path`, one LogEntry a line, about 800 bytes each, in no order of nodes."""
    chance = random.Random(seed)
    nodes = [f"gke-shop-pool-{i % 3}-{0xA1B2C3D0 + i % 3:08x}-{_tail(chance, 4)}" for i in range(50)]
    pods = [(f"svc{i % 40}", f"svc{i % 40}-7d9f8b6c5-{_tail(chance, 5)}", nodes[i % 50]) for i in range(400)]
    makers = [_container, _kubelet, _runtime, _event]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            moment = START + SPAN * (number / count)
            maker = chance.choices(makers, weights=(60, 22, 14, 4))[0]
            entry = _failure(chance, nodes[0]) if chance.random() < 0.001 else maker(chance, pods)
            stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond * 1000 + number % 1000:09d}Z"
            received = (moment + timedelta(seconds=chance.random() * 4)).isoformat().replace("+00:00", "Z")
            entry |= {"timestamp": stamp, "receiveTimestamp": received, "insertId": f"{number:012x}"}
            file.write(json.dumps(entry, separators=(",", ":")) + "\n")


def _tail(chance: random.Random, length: int) -> str:
    return "".join(chance.choices("bcdfghjklmnpqrstvwxz2456789", k=length))


def _labels(**more: str) -> dict[str, str]:
    return {"project_id": PROJECT, "location": LOCATION, "cluster_name": CLUSTER, **more}


def _container(chance: random.Random, pods: list[Pod]) -> Entry:
    service, pod, node = chance.choice(pods)
    labels = _labels(namespace_name="default", pod_name=pod, container_name="server")
    entry: Entry = {
        "logName": f"projects/{PROJECT}/logs/stdout",
        "severity": "INFO",
        "labels": {
            "compute.googleapis.com/resource_name": node,
            "k8s-pod/app": service,
            "k8s-pod/pod-template-hash": "7d9f8b6c5",
            "logging.gke.io/top_level_controller_name": service,
            "logging.gke.io/top_level_controller_type": "Deployment",
        },
        "resource": {"type": "k8s_container", "labels": labels},
    }
    took, trace = chance.randrange(900), f"{chance.getrandbits(128):032x}"
    if chance.random() < 0.5:
        line = f"GET /api/items/{took} 200 {took} ms trace={trace} agent=Mozilla/5.0 (X11; Linux)"
        return entry | {"textPayload": line}
    body = {"message": f"request {trace} done", "status": 200, "took_ms": took, "user": trace}
    return entry | {"jsonPayload": body | {"path": f"/api/items/{took}"}}


def _node_entry(node: str, log: str, message: str, identifier: str) -> Entry:
    return {
        "logName": f"projects/{PROJECT}/logs/{log}",
        "resource": {"type": "k8s_node", "labels": _labels(node_name=node)},
        "jsonPayload": {
            "MESSAGE": message,
            "PRIORITY": "6",
            "SYSLOG_FACILITY": "3",
            "SYSLOG_IDENTIFIER": identifier,
            "_BOOT_ID": "0" * 32,
            "_COMM": identifier,
            "_EXE": f"/home/kubernetes/bin/{identifier}",
            "_HOSTNAME": node,
            "_MACHINE_ID": "1" * 32,
            "_PID": "1675",
            "_SYSTEMD_CGROUP": f"/system.slice/{identifier}.service",
            "_SYSTEMD_UNIT": f"{identifier}.service",
            "_TRANSPORT": "stdout",
        },
    }


def _kubelet(chance: random.Random, pods: list[Pod]) -> Entry:
    _, pod, node = chance.choice(pods)
    message = (
        f"I0301 04:05:06.{chance.randrange(10**6):06d}    1675 reconciler.go:224] "
        f'"operationExecutor.VerifyControllerAttachedVolume started for volume \\"config\\"" pod="default/{pod}"'
    )
    return _node_entry(node, "kubelet", message, "kubelet")


def _runtime(chance: random.Random, pods: list[Pod]) -> Entry:
    image = f"{chance.getrandbits(256):064x}"
    message = f'time="2026-03-01T04:05:06.000Z" level=info msg="ImageUpdate event name:\\"sha256:{image}\\""'
    return _node_entry(chance.choice(pods)[2], "container-runtime", message, "containerd")


def _event(chance: random.Random, pods: list[Pod]) -> Entry:
    _, pod, node = chance.choice(pods)
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "type": "Normal",
        "reason": "Pulled",
        "message": f'Container image "registry/app:{chance.randrange(99)}" already present on machine',
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": pod, "namespace": "default"},
        "metadata": {"name": f"{pod}.{chance.getrandbits(64):016x}", "namespace": "default"},
        "source": {"component": "kubelet", "host": node},
    }
    labels = _labels(namespace_name="default", pod_name=pod)
    return {
        "logName": f"projects/{PROJECT}/logs/events",
        "severity": "INFO",
        "resource": {"type": "k8s_pod", "labels": labels},
        "jsonPayload": body,
    }


def _failure(chance: random.Random, node: str) -> Entry:
    message = (
        f"E0301 04:05:06.{chance.randrange(10**6):06d}    1675 remote_runtime.go:222] "
        '"RunPodSandbox from runtime service failed" err="rpc error: code = Unknown desc = failed to start shim: '
        'fork/exec /usr/bin/containerd-shim-runc-v2: resource temporarily unavailable"'
    )
    return _node_entry(node, "kubelet", message, "kubelet")

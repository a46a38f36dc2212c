"""The tools that people already have, pointed at the emulator: gcloud and kubectl."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as kubernetes_client
from kubernetes import config as kubernetes_config

from tests.emulator import Emulator
from tests.emulator_tests.sample import LOCATION, NODE, REPAIR

needs_gcloud = pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not installed")
needs_kubectl = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def environment(emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    return {
        **emulator.environment(),
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "1",
    }


def gcloud(environment: dict[str, str], *arguments: str) -> Any:
    done = run(["gcloud", *arguments, "--format=json"], environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_gcloud
def test_gcloud_reads_entries(environment: dict[str, str], emulator: Emulator) -> None:
    query = 'log_id("kubelet") jsonPayload.MESSAGE:"sync loop" timestamp>="2026-03-01T04:00:05Z"'
    entries = gcloud(environment, "logging", "read", query, "--limit=12")
    assert [entry["insertId"] for entry in entries] == [f"k{n:04d}" for n in range(29, 17, -1)]
    assert entries[0]["timestamp"] == "2026-03-01T04:00:14.123456789Z"
    # gcloud reads the payload into a Struct of its own, which has doubles alone.
    assert entries[0]["jsonPayload"]["number"] == 29
    assert emulator.requests == {"logging.ListLogEntries": 1}


@needs_gcloud
def test_gcloud_shows_a_refused_filter(environment: dict[str, str]) -> None:
    done = run(["gcloud", "logging", "read", 'timestamp>="2026-01-01" AND (', "--format=json"], environment)
    assert done.returncode == 1
    assert "INVALID_ARGUMENT: Unparseable filter: syntax error at line 1, column" in done.stderr


@needs_gcloud
def test_gcloud_lists_operations_and_describes_the_cluster(environment: dict[str, str]) -> None:
    operations = gcloud(environment, "container", "operations", "list")
    assert sorted(o["operationType"] for o in operations) == ["AUTO_REPAIR_NODES", "UPGRADE_MASTER"]
    assert REPAIR in [o["name"] for o in operations]
    cluster = gcloud(environment, "container", "clusters", "describe", "front", f"--location={LOCATION}")
    assert (cluster["name"], cluster["nodePools"][0]["name"]) == ("front", "default")


@pytest.fixture
def kubeconfig(emulator: Emulator, tmp_path: Path) -> Path:
    return emulator.write_kubeconfig(tmp_path / "kubeconfig")


@needs_kubectl
def test_kubectl_gets_workloads(environment: dict[str, str], kubeconfig: Path) -> None:
    command = ["kubectl", f"--kubeconfig={kubeconfig}", "get", "-o", "json"]
    done = run([*command, "pods,nodes,deployments,hpa,pdb", "-A"], environment)
    assert done.returncode == 0, done.stderr
    found = {(item["kind"], item["metadata"]["name"]) for item in json.loads(done.stdout)["items"]}
    assert found == {
        ("Pod", "cart-5f6d-aaaaa"),
        ("Pod", "mail-7c8b-bbbbb"),
        ("Node", NODE),
        ("Deployment", "cart"),
    }
    done = run([*command, "pods", "-n", "shop", "-l", "app=cart"], environment)
    assert [item["metadata"]["name"] for item in json.loads(done.stdout)["items"]] == ["cart-5f6d-aaaaa"]


def test_kubernetes_client_pages_through_pods(emulator: Emulator, kubeconfig: Path) -> None:
    api = kubernetes_client.CoreV1Api(kubernetes_config.new_client_from_config(str(kubeconfig)))
    first: Any = api.list_pod_for_all_namespaces(limit=1)
    rest: Any = api.list_pod_for_all_namespaces(limit=1, _continue=first.metadata._continue)
    assert [pod.metadata.name for pod in (*first.items, *rest.items)] == ["cart-5f6d-aaaaa", "mail-7c8b-bbbbb"]
    assert rest.metadata._continue is None
    node: Any = api.read_node(NODE)
    assert node.metadata.labels == {"pool": "default"}
    assert emulator.requests == {"kubernetes.list": 2, "kubernetes.get": 1}


def test_kubernetes_refuses_as_kubernetes_does(emulator: Emulator, kubeconfig: Path) -> None:
    api = kubernetes_client.CoreV1Api(kubernetes_config.new_client_from_config(str(kubeconfig)))
    with pytest.raises(kubernetes_client.ApiException) as caught:
        api.read_node("nobody")
    assert (caught.value.status, json.loads(caught.value.body or "")["message"]) == (404, 'nodes "nobody" not found')
    with pytest.raises(kubernetes_client.ApiException) as caught:
        api.list_node(limit=1, _continue="b2xk")
    assert (caught.value.status, caught.value.reason) == (410, "Gone")
    emulator.faults.add("permission-denied", method="kubernetes.*")
    with pytest.raises(kubernetes_client.ApiException) as caught:
        api.list_node()
    assert (caught.value.status, json.loads(caught.value.body or "")["reason"]) == (403, "Forbidden")

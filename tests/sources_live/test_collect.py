"""A collection over the wire: both transports, faults, resumption, and what each missing permission costs."""

import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.sources_live.conftest import NOW
from triage.errors import AccessError, InputError
from triage.model.place import Ask
from triage.sources.live import Access, Collection, Endpoints, Limits, collect

READS = ('resource.type="k8s_node"', 'resource.type="gke_nodepool"')


def run(access: Access, ask: Ask, path: Path, **more: Any) -> Collection:
    return collect(access, ask, READS, path, now=NOW, limits=Limits(patience_s=8), **more)


def entries(path: Path) -> list[dict[str, Any]]:
    files = sorted(path.glob("entries*.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text().split("\n") if line]


def contents(path: Path) -> dict[str, Any]:
    return {file.name: json.loads(file.read_text()) for file in path.glob("*.json") if file.name != "manifest.json"}


def test_both_transports_leave_the_same_bundle(emulator: Emulator, tmp_path: Path, ask: Ask) -> None:
    bundles = {}
    kubeconfig = emulator.write_kubeconfig(tmp_path / "kubeconfig")
    for transport in ("rest", "grpc"):
        access = Access.sign_in(emulator.project, Endpoints.of(emulator.environment(transport)))
        collected = run(access, ask, tmp_path / transport, kubeconfig=kubeconfig)
        assert collected.gaps == ()
        bundles[transport] = (entries(tmp_path / transport), contents(tmp_path / transport))
    (over_rest, files_rest), (over_grpc, files_grpc) = bundles["rest"], bundles["grpc"]
    assert [e["insertId"] for e in over_rest] == [e["insertId"] for e in over_grpc]
    assert [e.get("jsonPayload") for e in over_rest] == [e.get("jsonPayload") for e in over_grpc]
    assert len(over_rest) == 31
    assert set(files_rest) == set(files_grpc)
    assert files_rest["cluster.json"]["name"] == files_grpc["cluster.json"]["name"]
    alerts = next(name for name in files_rest if name.startswith("alerts"))
    assert files_rest[alerts] == files_grpc[alerts]
    assert len(files_rest[alerts]["alerts"]) == 2


@pytest.mark.parametrize(
    ("method", "source", "role"),
    [
        ("logging.*", "entries", "roles/logging.viewer"),
        ("container.ListOperations", "operations", "roles/container.viewer"),
        ("container.ListClusters", "cluster", "roles/container.viewer"),
        ("monitoring.ListAlerts", "alerts", "roles/monitoring.viewer"),
        ("monitoring.ListTimeSeries", "metrics", "roles/monitoring.viewer"),
    ],
)
def test_a_missing_permission_is_a_gap_with_the_command_that_grants_it(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path, method: str, source: str, role: str
) -> None:
    emulator.faults.add("permission-denied", method=method)
    collected = run(access, ask, tmp_path)
    gap = next(gap for gap in collected.gaps if gap.source == source)
    assert role in gap.remedy
    assert "user:oncall@example.com" in gap.remedy
    assert [g.source for g in collected.gaps if g.source not in (source, "workloads")] == []


def test_an_api_that_is_off_is_a_gap_with_the_command_that_enables_it(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path
) -> None:
    emulator.faults.add("service-disabled", method="monitoring.*")
    gaps = {gap.source: gap for gap in run(access, ask, tmp_path).gaps}
    assert "not enabled" in gaps["alerts"].reason
    assert gaps["metrics"].remedy.startswith("gcloud services enable monitoring.googleapis.com")


@pytest.mark.parametrize("kind", ["permission-denied", "unauthenticated"])
def test_access_to_nothing_at_all_ends_the_run(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path, kind: str
) -> None:
    emulator.faults.add(kind)
    with pytest.raises(AccessError, match="nothing may be read"):
        run(access, ask, tmp_path)


@pytest.mark.parametrize("kind", ["rate-limit", "unavailable", "internal", "break"])
def test_passing_faults_cost_nothing(emulator: Emulator, access: Access, ask: Ask, tmp_path: Path, kind: str) -> None:
    emulator.faults.add(kind, method="logging.ListLogEntries", times=2)
    collected = run(access, ask, tmp_path)
    assert [gap.source for gap in collected.gaps] == ["workloads"]
    assert len({entry["insertId"] for entry in entries(tmp_path)}) == 31


def test_an_expired_page_token_loses_no_entry(emulator: Emulator, access: Access, ask: Ask, tmp_path: Path) -> None:
    emulator.faults.add("short-page", method="logging.ListLogEntries", entries=7)
    emulator.faults.add("page-token-expired", method="logging.ListLogEntries", times=1, skip=1)
    assert [gap.source for gap in run(access, ask, tmp_path).gaps] == ["workloads"]
    assert len({entry["insertId"] for entry in entries(tmp_path)}) == 31


def test_locations_that_do_not_answer_are_named(emulator: Emulator, access: Access, ask: Ask, tmp_path: Path) -> None:
    emulator.faults.add("missing-zones", method="container.ListOperations", zones=("us-central1-a",))
    gap = next(gap for gap in run(access, ask, tmp_path).gaps if gap.source == "operations")
    assert "us-central1-a" in gap.reason


def test_a_cluster_may_lie_where_nobody_answers(emulator: Emulator, access: Access, ask: Ask, tmp_path: Path) -> None:
    emulator.faults.add("missing-zones", method="container.*", zones=("europe-west1",))
    gaps = {gap.source: gap for gap in run(access, ask, tmp_path).gaps}
    assert gaps["cluster"].reason == "reading clusters: no answer from europe-west1"
    assert len({entry["insertId"] for entry in entries(tmp_path)}) == 31


def test_answers_that_cannot_be_read_are_not_asked_for_forever(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path
) -> None:
    emulator.faults.add("malformed", method="monitoring.ListTimeSeries")
    emulator.faults.add("malformed", method="logging.*", times=1)
    gaps = {gap.source: gap for gap in run(access, ask, tmp_path).gaps}
    assert set(gaps) == {"metrics", "workloads"}
    assert "cannot be read" in gaps["metrics"].reason


def test_a_collection_that_was_cut_short_is_completed_by_the_next_run(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path
) -> None:
    emulator.faults.add("short-page", method="logging.ListLogEntries", entries=7)

    def die(source: str, done: int, total: int | None) -> None:
        if source == "entries" and done >= 14:
            raise SystemExit(9)  # as abrupt as a program can leave from within

    with pytest.raises(SystemExit):
        run(access, ask, tmp_path, progress=die)
    half = tmp_path / next(file.name for file in tmp_path.glob("entries*.ndjson"))
    half.write_text(half.read_text()[:-30])  # the line that a kill broke off
    collected = run(access, ask, tmp_path)
    assert [gap.source for gap in collected.gaps] == ["workloads"]
    kept = [entry["insertId"] for entry in entries(tmp_path)]
    assert set(kept) == {f"k{n:04d}" for n in range(30)} | {"a1"}
    assert len(kept) <= 32  # two lines share each second, so one may come again
    assert json.loads((tmp_path / "manifest.json").read_text())["complete"] is True


def test_ctrl_c_keeps_what_is_there_and_says_what_is_missing(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path
) -> None:
    pressed = threading.Event()

    def impatient(source: str, done: int, total: int | None) -> None:
        if source == "entries" and done and not pressed.is_set():
            pressed.set()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    emulator.faults.add("latency", method="logging.ListLogEntries", seconds=0.2)
    emulator.faults.add("short-page", method="logging.ListLogEntries", entries=7)
    collected = run(access, ask, tmp_path, progress=impatient)
    assert collected.interrupted
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert not manifest["complete"], manifest
    assert any("cut short" in gap["reason"] for gap in manifest["gaps"])


def test_an_unknown_cluster_lists_those_there_are(access: Access, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean front") as caught:
        run(access, Ask(cluster="frnt"), tmp_path)
    assert "front (europe-west1)" in caught.value.remedy


def test_workloads_come_through_the_context_of_this_cluster_only(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path, kubeconfig: Path
) -> None:
    collected = run(access, ask, tmp_path / "own", kubeconfig=kubeconfig)
    assert collected.gaps == ()
    items = json.loads(next((tmp_path / "own").glob("workloads*.json")).read_text())["items"]
    assert {"Pod", "Node", "Deployment"} <= {item["kind"] for item in items}
    other = tmp_path / "other"
    other.write_text(kubeconfig.read_text().replace(f"127.0.0.1:{emulator.rest_port}", "203.0.113.99"))
    with pytest.raises(InputError, match="no context is of cluster front"):
        run(access, ask, tmp_path / "foreign", kubeconfig=other)


def test_no_other_cluster_is_signed_in_to(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path, kubeconfig: Path
) -> None:
    config = json.loads(kubeconfig.read_text())
    ran = tmp_path / "ran"
    config["clusters"].insert(0, {"name": "else", "cluster": {"server": "https://203.0.113.99"}})
    program = {"apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": [str(ran)]}
    config["users"].insert(0, {"name": "else", "user": {"exec": program | {"interactiveMode": "Never"}}})
    config["contexts"].insert(0, {"name": "else", "context": {"cluster": "else", "user": "else"}})
    kubeconfig.write_text(json.dumps(config))
    assert run(access, ask, tmp_path / "own", kubeconfig=kubeconfig).gaps == ()
    assert not ran.exists()


@pytest.mark.parametrize("text", ["", "a: [", "clusters: 7\ncontexts: 7", "- list", "clusters: [{}]"])
def test_a_broken_kubeconfig_is_named(access: Access, ask: Ask, tmp_path: Path, kubeconfig: Path, text: str) -> None:
    kubeconfig.write_text(text)
    with pytest.raises(InputError, match=r"no kubeconfig that can be read|no context is of cluster"):
        run(access, ask, tmp_path / "own", kubeconfig=kubeconfig)


def test_a_log_view_is_asked_instead_of_the_project(
    emulator: Emulator, access: Access, ask: Ask, tmp_path: Path
) -> None:
    view = f"projects/{emulator.project}/locations/global/buckets/_Default/views/_AllLogs"
    collected = run(access, ask, tmp_path, resources=(view,))
    assert [gap.source for gap in collected.gaps] == ["workloads"]
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert all(read["resources"] == [view] for read in manifest["reads"])

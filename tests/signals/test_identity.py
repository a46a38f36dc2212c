# ruff: noqa: E501 - log lines stand whole
import pytest

from tests.signals.building import NODE, at, entry, event, evidence, kernel, kubelet, runtime
from triage.signals import identify
from triage.signals.mentions import mention_in

UID = "1f2e3d4c-5b6a-7988-a7b6-c5d4e3f20110"
SANDBOX, CONTAINER = "ab" * 32, "cd" * 32
POD = "pdf-7c9d5f6b84-x2k4z"


@pytest.mark.parametrize(
    "path",
    [
        f"/kubepods/burstable/pod{UID}/{CONTAINER}",
        f"/kubepods/pod{UID}/{CONTAINER}",
        f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID.replace('-', '_')}.slice/cri-containerd-{CONTAINER}.scope",
        f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/docker-{CONTAINER}.scope",
        f"/kubelet.slice/kubelet-kubepods-pod{UID.replace('-', '_')}.slice/crio-{CONTAINER}.scope",
    ],
)
def test_cgroup_paths_name_pod_and_container(path):
    mention = mention_in(f"cgroup: fork rejected by pids controller in {path}")
    assert (mention.basis, mention.uid, mention.container_id) == ("cgroup", UID, CONTAINER)


def test_an_oom_record_names_the_victim_not_who_asked():
    line = (
        f"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=cri-containerd-{'9' * 64}.scope,mems_allowed=0,"
        f"global_oom,task_memcg=/kubepods/burstable/pod{UID}/{CONTAINER},task=chrome,pid=77,uid=0"
    )
    assert mention_in(line).container_id == CONTAINER


def test_a_digest_is_no_container():
    assert mention_in(f"pulled image registry.example/app@sha256:{CONTAINER}") is None


def test_containerd_lines_tie_ids_to_pods():
    found = identify(
        evidence(
            [
                # containerd internal/cri/server: sandbox_run.go, container_create.go
                runtime(
                    2,
                    f'level=info msg="CreateContainer within sandbox \\"{SANDBOX}\\" for &ContainerMetadata{{Name:pdf,Attempt:0,}} returns container id \\"{CONTAINER}\\""',
                ),
                runtime(
                    1,
                    f'level=info msg="RunPodSandbox for &PodSandboxMetadata{{Name:{POD},Uid:{UID},Namespace:default,Attempt:0,}} returns sandbox id \\"{SANDBOX}\\""',
                ),
            ]
        )
    )
    who = found.in_message(f"cgroup: fork rejected by pids controller in /kubepods/pod{UID}/{CONTAINER}", {})
    assert (who.namespace, who.pod, who.container, who.workload, who.kind) == (
        "default",
        POD,
        "pdf",
        "default/pdf",
        "Deployment",
    )
    by_id = found.in_message(f'failed to kill container "{CONTAINER}"', {})
    assert (by_id.workload, by_id.basis, by_id.uid) == ("default/pdf", "container-id", UID)
    assert found.placements[["namespace", "pod", "node", "uid", "workload", "source"]].to_dict("records") == [
        {"namespace": "default", "pod": POD, "node": NODE, "uid": UID, "workload": "default/pdf", "source": "runtime"}
    ]


@pytest.mark.parametrize(
    "line",
    [
        # pkg/kubelet/kubelet.go, 1.13 and 1.27
        f'I0308 11:20:31.224877 1511 kubelet.go:1953] SyncLoop (PLEG): "{POD}_default({UID})", event: &pleg.PodLifecycleEvent{{ID:"{UID}", Type:"ContainerStarted", Data:"{CONTAINER}"}}',
        f'I0308 11:20:31.224877 1511 kubelet.go:2457] "SyncLoop (PLEG): event for pod" pod="default/{POD}" event=&{{ID:{UID} Type:ContainerStarted Data:{CONTAINER}}}',
    ],
)
def test_kubelet_lines_tie_docker_containers_to_pods(line):
    found = identify(evidence([kubelet(1, line)]))
    assert found.in_message(f"Task in /docker/{CONTAINER} killed", {}).workload == "default/pdf"
    assert found.uids[UID] == ("default", POD)


def test_a_pods_status_ties_its_containers_to_it():
    status = {
        "name": "pdf",
        "containerID": f"containerd://{CONTAINER}",
        "lastState": {"terminated": {"containerID": f"docker://{SANDBOX}"}},
    }
    pod = {
        "kind": "Pod",
        "metadata": {"namespace": "default", "name": POD, "uid": UID},
        "spec": {"nodeName": NODE},
        "status": {"containerStatuses": [status]},
    }
    found = identify(evidence(objects=[pod, {"kind": "Pod", "metadata": 7, "status": []}, {"kind": "Node"}]))
    for container in (CONTAINER, SANDBOX):
        who = found.in_message(f"failed to kill container {container}", {})
        assert (who.workload, who.container, who.uid, who.basis) == ("default/pdf", "pdf", UID, "container-id")


def test_events_place_pods_on_nodes():
    rows = [
        event(
            1,
            "Scheduled",
            f"Successfully assigned default/{POD} to gke-other-node",
            kind="Pod",
            name=POD,
            namespace="default",
            host=None,
            node=None,
        ),
        event(5, "Started", "Started container pdf", kind="Pod", name="web-0", namespace="shop", uid=UID, node=None),
        event(9, "Killing", "Stopping container pdf", kind="Pod", name="web-0", namespace="shop", uid=UID, node=None),
    ]
    placed = identify(evidence(rows)).placements
    assert placed[["pod", "node", "kind"]].to_numpy().tolist() == [
        [POD, "gke-other-node", "Deployment"],
        ["web-0", NODE, "StatefulSet"],
    ]
    assert placed.iloc[1]["last"] - placed.iloc[1]["first"] == at(9) - at(5)


def test_what_controllers_say_wins_over_the_name():
    rows = [
        event(1, "SuccessfulCreate", "Created pod: agent-x7k2p", kind="ReplicaSet", name="agent", namespace="ops", node=None),
        event(2, "Started", "Started container agent", kind="Pod", name="agent-x7k2p", namespace="ops", node=None),
        event(3, "Started", "Started", kind="Pod", name="odd-name", namespace="ops", node=None,
              labels={"logging.gke.io/top_level_controller_type": "Job", "logging.gke.io/top_level_controller_name": "sync-27012345"}),
    ]  # fmt: skip
    placed = identify(evidence(rows)).placements.set_index("pod")
    assert placed.loc["agent-x7k2p", ["workload", "kind"]].tolist() == ["ops/agent", "ReplicaSet"]
    assert placed.loc["odd-name", ["workload", "kind"]].tolist() == ["ops/sync", "CronJob"]


def test_audit_and_autoscaler_entries_place_pods():
    bound = {
        "protoPayload": {
            "methodName": "io.k8s.core.v1.pods.binding.create",
            "resourceName": f"core/v1/namespaces/default/pods/{POD}/binding",
            "request": {"kind": "Binding", "target": {"kind": "Node", "name": NODE}},
        }
    }
    removed = {
        "node": {"name": "gke-gone"},
        "evictedPods": [
            {
                "name": "dns-5c44c7b6b6-xvpbk",
                "namespace": "kube-system",
                "controller": {"kind": "ReplicaSet", "name": "dns-5c44c7b6b6"},
            }
        ],
    }
    decision = {"jsonPayload": {"decision": {"scaleDown": {"nodesToBeRemoved": [removed]}}}}
    rows = [
        entry(1, "cloudaudit.googleapis.com/activity", "k8s_cluster", bound, node=None),
        entry(2, "container.googleapis.com/cluster-autoscaler-visibility", "k8s_cluster", decision, node=None),
    ]
    placed = identify(evidence(rows)).placements
    assert placed[["workload", "node", "source"]].to_numpy().tolist() == [
        ["default/pdf", NODE, "audit"],
        ["kube-system/dns", "gke-gone", "audit"],
    ]


def test_a_pod_made_again_under_its_name_stays_anew():
    other = UID.replace("1f", "2f", 1)
    rows = [
        event(1, "Started", "x", kind="Pod", name="db-0", namespace="shop", uid=UID, node=None),
        event(900, "Started", "x", kind="Pod", name="db-0", namespace="shop", uid=other, node=None),
    ]
    assert identify(evidence(rows)).placements["uid"].tolist() == [UID, other]


def test_one_pod_on_each_of_several_nodes_is_a_daemon_set():
    rows = [
        event(1, "Started", "x", kind="Pod", name="agent-x7k2p", namespace="ops", host="n-a", node=None),
        event(2, "Started", "x", kind="Pod", name="agent-z4k2p", namespace="ops", host="n-b", node=None),
        event(3, "Started", "x", kind="Pod", name="batch-x7k2p", namespace="ops", host="n-a", node=None),
        event(4, "Started", "x", kind="Pod", name="batch-z4k2p", namespace="ops", host="n-a", node=None),
        event(5, "Started", "x", kind="Pod", name="batch-q4k2p", namespace="ops", host="n-b", node=None),
    ]
    kinds = identify(evidence(rows)).placements.drop_duplicates("workload").set_index("workload")["kind"]
    assert kinds.to_dict() == {"ops/agent": "DaemonSet", "ops/batch": None}


def test_hostile_lines_name_no_pod_and_are_got_through():
    """Patterns that backtrack would not come to an end here."""
    rows = [
        kubelet(1, "PLEG " + "a_" * 30_000),
        kernel(2, 'pod="' + "a-" * 30_000),
        runtime(3, "returns sandbox id " * 3_000),
    ]
    assert identify(evidence(rows)).placements.empty

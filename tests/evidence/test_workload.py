"""Which workload a pod counts as."""

import pytest

from triage.evidence.workload import Controller, job_controller, top_controller


@pytest.mark.parametrize(
    ("pod", "name", "kind"),
    [
        ("pdfgenerator-5d8f7-x2k4q", "pdfgenerator", "Deployment"),
        ("checkout-api-6b8d9c7f45-zt9lw", "checkout-api", "Deployment"),
        ("web-2035384211-4gk7x", "web", "Deployment"),  # Kubernetes 1.8 wrote the hash in decimal
        ("cart-7d9f-abcde", "cart", "Deployment"),
        ("fluentbit-gke-8zqvn", "fluentbit-gke", None),
        ("redis-master-0", "redis-master", "StatefulSet"),
        ("report-1560302640-9kd2x", "report", "CronJob"),  # seconds, before 1.21
        ("report-29012345-9kd2x", "report", "CronJob"),  # minutes, since
        ("kube-proxy-gke-prod-pool-1-d2beeabd-79lr", "kube-proxy", "DaemonSet"),
        ("nginx-proxy", "nginx-proxy", None),
        ("debug", "debug", None),
    ],
)
def test_the_shape_of_a_name_tells(pod: str, name: str, kind: str | None) -> None:
    assert top_controller("shop", pod) == Controller(name, kind)


def test_a_static_pod_is_named_after_its_node() -> None:
    assert top_controller("kube-system", "kube-proxy-node-7", node="node-7").name == "kube-proxy"


def test_owners_beat_names() -> None:
    owned = [{"kind": "DaemonSet", "name": "agent-5d8f7", "controller": True}]
    assert top_controller("shop", "agent-5d8f7-x2k4q", owner_references=owned) == Controller("agent-5d8f7", "DaemonSet")


def test_a_replica_set_counts_as_its_deployment_and_a_job_as_its_cron_job() -> None:
    owners = {
        ("ReplicaSet", "shop", "web-odd"): [{"kind": "Deployment", "name": "web", "controller": True}],
        ("Job", "shop", "nightly-now"): [{"kind": "CronJob", "name": "nightly", "controller": True}],
    }
    by_set = [{"kind": "ReplicaSet", "name": "web-odd", "controller": True}]
    by_job = [{"kind": "Job", "name": "nightly-now", "controller": True}]
    assert top_controller("shop", "web-odd-zzzzz", owner_references=by_set, owners=owners) == Controller(
        "web", "Deployment"
    )
    assert top_controller("shop", "x", owner_references=by_job, owners=owners) == Controller("nightly", "CronJob")


def test_a_replica_set_that_nobody_owns_stays_one() -> None:
    owned = [{"kind": "ReplicaSet", "name": "bare-7d9f8b6c5", "controller": True}]
    owners = {("ReplicaSet", "shop", "bare-7d9f8b6c5"): ()}
    assert top_controller("shop", "bare-7d9f8b6c5-x2k4q", owner_references=owned, owners=owners).kind == "ReplicaSet"


def test_owners_in_a_circle_come_to_an_end() -> None:
    owners = {
        ("ReplicaSet", "shop", "a"): [{"kind": "ReplicaSet", "name": "b"}],
        ("ReplicaSet", "shop", "b"): [{"kind": "ReplicaSet", "name": "a"}],
    }
    assert (
        top_controller("shop", "p", owner_references=[{"kind": "ReplicaSet", "name": "a"}], owners=owners).name in "ab"
    )


def test_a_bare_pod_is_its_own_workload() -> None:
    assert top_controller("shop", "toolbox-5d8f7-x2k4q", owner_references=[]) == Controller(
        "toolbox-5d8f7-x2k4q", "Pod"
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (
            {
                "logging.gke.io/top_level_controller_name": "web",
                "logging.gke.io/top_level_controller_type": "Deployment",
            },
            Controller("web", "Deployment"),
        ),
        (
            {
                "logging.gke.io/top_level_controller_name": "backup-29012345",
                "logging.gke.io/top_level_controller_type": "Job",
            },
            Controller("backup", "CronJob"),
        ),
        ({"k8s-pod/batch_kubernetes_io/job-name": "import-once"}, Controller("import-once", "Job")),
        ({"k8s-pod/pod-template-hash": "odd1hash"}, Controller("pod", "Deployment")),
        ({"pod-template-generation": "3"}, Controller("pod-odd1hash", "DaemonSet")),
        ({"statefulset.kubernetes.io/pod-name": "pod-odd1hash-9"}, Controller("pod-odd1hash", "StatefulSet")),
        ({"logging.gke.io/top_level_controller_name": 7}, Controller("7", None)),
    ],
)
def test_labels_tell(labels: dict[str, object], expected: Controller) -> None:
    assert top_controller("shop", "pod-odd1hash-e", labels=labels) == expected


def test_a_job_by_hand_is_no_cron_job() -> None:
    assert job_controller("migrate-2") == Controller("migrate-2", "Job")

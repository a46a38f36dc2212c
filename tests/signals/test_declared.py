"""Pods that are no longer listed are told by the controllers that are."""

import pytest

from triage.signals.declared import declared_by

LONG = "customer-notification-preferences-synchronisation-worker-east"  # 61 characters
FITS = "statement-rendering-and-archiving-service-for-partners"  # 54: the base ends inside the hash


def listed(kind: str, name: str, owner: tuple[str, str] | None = None) -> dict[str, object]:
    owners = [{"kind": owner[0], "name": owner[1], "controller": True}] if owner else []
    return {"kind": kind, "metadata": {"namespace": "ml", "name": name, "ownerReferences": owners}}


OBJECTS = [
    listed("Job", "finetune"),
    listed("Job", "nightly-29384756", ("CronJob", "nightly")),
    listed("CronJob", "nightly"),
    listed("Deployment", "api"),
    listed("Deployment", "api-admin"),
    listed("ReplicaSet", "canary-7d9f8b6c5", ("Rollout", "canary")),
    listed("StatefulSet", "store"),
    listed("DaemonSet", "agent"),
    listed("Deployment", LONG),
    listed("Deployment", FITS),
    {"kind": "Deployment", "metadata": {"namespace": "web", "name": "front"}},
]


@pytest.mark.parametrize(
    ("pod", "name", "kind"),
    [
        ("finetune-x7k2p", "finetune", "Job"),
        ("finetune-0-x7k2p", "finetune", "Job"),
        ("finetune-12-x7k2p", "finetune", "Job"),
        ("nightly-29384756-4wq8z", "nightly", "CronJob"),
        ("nightly-29380436-4wq8z", "nightly", "CronJob"),
        ("api-5c8d7f9b4-2xk9w", "api", "Deployment"),
        ("api-admin-5c8d7f9b4-2xk9w", "api-admin", "Deployment"),
        ("canary-7d9f8b6c5-2xk9w", "canary", "Rollout"),
        ("store-11", "store", "StatefulSet"),
        ("agent-2xk9w", "agent", "DaemonSet"),
        (LONG[:58] + "kwzjk", LONG, "Deployment"),
        (f"{FITS}-5c8" + "kwzjk", FITS, "Deployment"),
    ],
)
def test_the_controller_that_names_pods_so(pod: str, name: str, kind: str) -> None:
    found = declared_by(OBJECTS).controller("ml", pod)
    assert found is not None
    assert (found.name, found.kind) == (name, kind)


@pytest.mark.parametrize(
    "pod", ["front-5c8d7f9b4-2xk9w", "api", "api-2xk9w", "store-x", "finetuner-x7k2p", "api-5c8d7f9b4-2xk9wx"]
)
def test_no_other_controller_is_taken(pod: str) -> None:
    assert declared_by(OBJECTS).controller("ml", pod) is None


def test_two_that_may_have_named_it_tell_nothing() -> None:
    both = declared_by([listed("Job", "sync"), listed("DaemonSet", "sync")])
    assert both.controller("ml", "sync-x7k2p") is None

from dataclasses import replace

import pandas as pd
import pytest

from tests.correlate.build import Story, at
from triage.correlate.readiness import read_courses
from triage.evidence.occurrences import OCCURRENCES
from triage.evidence.tables import frame


def test_a_repair_that_names_its_node_is_that_nodes_episode():
    story = Story()
    operation = story.dies(story.node(1), 5)
    (episode,) = story.tell().episodes
    assert (episode.node, episode.node_pool, episode.kind) == (story.node(1), "pool-1", "repair")
    assert (episode.not_ready, episode.operation, episode.node_inferred) == (at(5), operation, False)
    assert episode.end == episode.ready == at(5.26)  # the later of the operation's end and Ready


def test_an_unnamed_repair_takes_the_node_whose_not_ready_lies_nearest_ten_minutes_before():
    story = Story()
    story.goes_down(story.node(1), 5 - 0.3)
    story.goes_down(story.node(2), 5 - 11 / 60)
    story.goes_down(story.node(3), 5 - 6 / 60)
    story.repair(5, 5.1)
    episode = next(e for e in story.tell().episodes if e.operation)
    assert (episode.node, episode.node_inferred) == (story.node(2), True)
    assert any("Ambiguous" in note and story.node(1) in note for note in episode.notes)


def test_an_unnamed_repair_never_takes_a_node_of_another_pool_or_one_that_had_recovered():
    story = Story()
    story.goes_down(story.node(0, "pool-2"), 5 - 10 / 60)
    story.goes_down(story.node(2), 5 - 10 / 60, back=5 - 4 / 60)
    operation = story.repair(5, 5.1)
    episode = next(e for e in story.tell().episodes if e.kind == "repair")
    assert (episode.node, episode.node_inferred, episode.not_ready) == (f"unknown:{operation}", False, None)
    assert episode.start == at(5)


def test_each_unnamed_repair_claims_a_node_of_its_own():
    story = Story()
    for i in range(3):
        story.goes_down(story.node(i), 5 + i / 60, back=5.5)
        story.repair(5 + (10 + i) / 60, 5.4, name=f"operation-{i}")
    episodes = story.tell().episodes
    assert {e.operation: e.node for e in episodes} == {f"operation-{i}": story.node(i) for i in range(3)}


def test_the_annotation_on_the_node_names_it():
    story = Story()
    story.goes_down(story.node(4), 5, back=5.3)
    story.goes_down(story.node(5), 5, back=5.3)
    operation = story.repair(5 + 10 / 60, 5.25)
    story.annotate(story.node(5), 5 + 10.1 / 60)
    episode = next(e for e in story.tell().episodes if e.operation == operation)
    assert (episode.node, episode.node_inferred) == (story.node(5), False)
    assert episode.repair is not None
    assert episode.repair.seen_by == ("operation", "audit")


def test_audit_entries_alone_tell_of_a_repair_when_operations_are_gone():
    story = Story(present=frozenset({"entries"}))
    node = story.node(3)
    story.goes_down(node, 7, back=7.3)
    story.annotate(node, 7.2)
    (episode,) = story.tell().episodes
    assert (episode.node, episode.kind, episode.operation) == (node, "repair", None)
    assert episode.repair is not None
    assert episode.repair.seen_by == ("audit",)


def test_first_and_last_audit_entry_of_a_repair_are_one_operation():
    story = Story()
    node = story.node(3)
    story.goes_down(node, 7, back=7.4)
    name = f"operation-{int(at(7.2).timestamp() * 1000)}-abcd"
    method = "google.container.internal.ClusterManagerInternal.RepairNodePool"
    resource = "projects/p/zones/us-central1-a/clusters/shop/nodePools/pool-1"
    for hours, place in ((7.2, "first"), (7.35, "last")):
        payload = {"methodName": method, "resourceName": resource, "status": {}}
        story._entry(
            "cloudaudit.googleapis.com/activity",
            "gke_nodepool",
            hours,
            None,
            "",
            {"operation": {"id": name, place: True}, "protoPayload": payload},
        )
    (episode,) = story.tell().episodes
    assert (episode.operation, episode.node, episode.node_inferred) == (name, node, True)
    assert episode.repair is not None
    assert (episode.repair.start, episode.repair.end) == (at(7.2), at(7.35))


def test_a_recreation_minutes_after_not_ready_stands_for_a_repair_that_nobody_wrote_down():
    story = Story(present=frozenset({"entries"}))
    story.goes_down(story.node(2), 6, back=6.4)
    story.recreate(story.node(2), 6.2, "instance's current action is VERIFYING, but health status is TIMEOUT.")
    (episode,) = story.tell().episodes
    assert episode.kind == "repair"
    assert episode.repair is not None
    assert episode.repair.seen_by == ("instance-group",)
    assert "TIMEOUT" in (episode.repair.reason or "")


def test_a_vm_that_its_host_lost_is_not_repaired_but_back():
    story = Story()
    story.see("host-error", story.node(2), 6 - 0.005)
    story.goes_down(story.node(2), 6, back=6.1)
    story.recreate(story.node(2), 6.05, "expected instance status RUNNING but STOPPING found.")
    (episode,) = story.tell().episodes
    assert (episode.kind, episode.operation, episode.end) == ("unrepaired", None, at(6.1))
    assert any("recreated the VM" in note for note in episode.notes)


def test_a_node_that_stays_down_is_open():
    story = Story()
    story.goes_down(story.node(2), 23)
    (episode,) = story.tell().episodes
    assert (episode.end, episode.kind) == (None, "unrepaired")


def test_a_repair_that_still_runs_leaves_the_episode_open():
    story = Story()
    story.goes_down(story.node(2), 23)
    story.repair(23.2, None, node=story.node(2))
    (episode,) = story.tell().episodes
    assert (episode.end, episode.kind) == (None, "repair")


def test_an_episode_starts_with_the_first_cause_or_symptom_of_the_hour_before():
    story = Story()
    story.see("runtime-down", story.node(1), 5 - 1.5)
    story.see("live-migration", story.node(1), 5 - 0.8)
    story.see("pleg-unhealthy", story.node(1), 5 - 0.5)
    story.see("runtime-down", story.node(1), 5 - 0.2)
    story.dies(story.node(1), 5)
    assert story.tell().episodes[0].start == at(4.5)


def test_what_happened_before_the_last_repair_is_of_another_life():
    story = Story()
    story.dies(story.node(1), 5)
    story.see("pid-exhaustion", story.node(1), 4.9, times=5)
    story.dies(story.node(1), 5.8)
    second = story.tell().episodes[1]
    assert (second.start, second.cause) == (at(5.8), None)


def test_flapping_is_one_episode():
    story = Story()
    story.goes_down(story.node(1), 5, back=5.05)
    story.goes_down(story.node(1), 5.1, back=5.2)
    (episode,) = story.tell().episodes
    assert (episode.not_ready, episode.end) == (at(5), at(5.2))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("preemption", "preemption"),
        ("node-upgrade-drain", "upgrade"),
        ("autoscaler-scale-down", "scale-down"),
    ],
)
def test_planned_work_is_told_by_name_and_not_blamed(name, kind):
    story = Story()
    for i in range(3):
        story.see(name, story.node(i), 5 + i - 0.02)
        story.goes_down(story.node(i), 5 + i, back=5.3 + i)
        story.see("pid-exhaustion", story.node(i), 5 + i - 0.3, times=4)
    incident = story.tell()
    assert {e.kind for e in incident.episodes} == {kind}
    assert (incident.verdict.cause, incident.verdict.workload) == (name, None)
    assert incident.causes[0].episodes_total == 3


def test_an_upgrade_episode_names_the_operation_of_its_pool():
    story = Story()
    story.see("node-upgrade-drain", story.node(0), 5)
    story.goes_down(story.node(0), 5.02, back=5.3)
    for pool, name in (("pool-1", "operation-here"), ("pool-2", "operation-elsewhere")):
        story.repair(4.9, 6.5, pool=pool, name=name)
        story.operations[-1]["type"] = "UPGRADE_NODES"
    (episode,) = story.tell().episodes
    assert (episode.kind, episode.operation, episode.end) == ("upgrade", None, at(5.3))
    assert [note for note in episode.notes if "operation" in note] == [
        "The node pool was being upgraded by operation-here."
    ]


def test_what_is_said_of_planned_work_is_what_tells_of_it():
    """Two spot VMs are named; of a third node only the operation on its pool tells, and that it came back new."""
    story = Story()
    for i in range(2):
        story.see("preemption", story.node(i), 3 + i)
        story.goes_down(story.node(i), 3.02 + i, back=3.3 + i)
    story.goes_down(story.node(5), 9, back=9.2)
    story.repair(8.9, 9.5)
    story.operations[-1]["type"] = "UPGRADE_NODES"
    summary = story.tell().verdict.summary
    assert summary.startswith("Two nodes of node pool pool-1 went away")
    assert "One other episode: planned work of another kind." in summary
    assert "entries name two; the other went, and came back new, while an operation was replacing the nodes" in summary


def test_planned_work_stays_out_of_the_causes_of_faults():
    story = Story()
    for i in range(3):
        story.see("preemption", story.node(i), 1 + i - 0.01)
        story.goes_down(story.node(i), 1 + i, back=1.2 + i)
    for i in range(3, 6):
        story.see("system-oom", story.node(i), 3 * i - 0.2, times=4)
        story.dies(story.node(i), 3 * i)
    incident = story.tell()
    assert [c.signal for c in incident.causes] == ["system-oom"]
    assert incident.causes[0].episodes_total == 3


def test_a_scale_down_that_nothing_followed_is_no_episode():
    story = Story()
    story.see("autoscaler-scale-down", story.node(1), 5)
    assert story.tell().episodes == ()


def test_a_node_that_serves_badly_is_an_episode_though_it_stays_ready():
    story = Story()
    story.see("conntrack-full", story.node(1), 5, times=20, every_s=20)
    story.see("probe-failure", story.node(1), 5.03, times=4)
    incident = story.tell()
    (episode,) = incident.episodes
    assert (episode.not_ready, episode.kind, episode.cause) == (None, "unrepaired", "conntrack-full")
    assert incident.verdict.confidence == "likely"


def test_a_cause_signal_without_an_effect_is_no_episode():
    story = Story()
    story.see("conntrack-full", story.node(1), 5, times=20, every_s=20)
    story.see("probe-failure", story.node(4), 5.03, times=4)
    assert story.tell().episodes == ()


def test_two_causes_that_strike_a_serving_node_at_one_time_are_one_episode_named_by_the_upstream_one():
    story = Story()
    story.see("memory-pressure", story.node(1), 5, times=20, every_s=20)
    story.see("system-oom", story.node(1), 5.02, times=20, every_s=20)
    story.alert("node-1", 5.05, node=story.node(1))
    (episode,) = story.tell().episodes
    assert (episode.start, episode.cause) == (at(5), "memory-pressure")


def test_three_nodes_within_five_minutes_are_one_group():
    story = Story()
    for i, hours in enumerate((5, 5.05, 5.1, 8)):
        story.goes_down(story.node(i), hours, back=hours + 0.2)
    assert [e.group for e in story.tell().episodes] == [1, 1, 1, 2]


def test_the_ready_condition_as_a_metric_tells_where_no_event_does():
    story = Story()
    node = story.node(1)
    story.measure("status_condition:Ready:True", node, [(4.9, 1), (5.0, 0), (5.1, 0), (5.3, 1)])
    story.measure("status_condition:Ready:Unknown", node, [(4.9, 0), (5.0, 1), (5.1, 1), (5.3, 0)])
    (episode,) = story.tell().episodes
    assert (episode.node, episode.not_ready, episode.end) == (node, at(5), at(5.3))


def test_a_pods_event_about_its_dead_node_is_no_not_ready_of_another_node():
    story = Story()
    story.see("node-not-ready", story.node(3), 5, namespace="shop", pod="db-0", message="Node is not ready")
    assert story.tell().episodes == ()


def test_a_node_that_fell_silent_before_it_went_down_is_said_to_have():
    story = Story(quiet=[(Story().node(1), 4.5, 5.5)], pods_speak=True)
    story.dies(story.node(1), 5)
    story.dies(story.node(2), 9)
    first, second = story.tell().episodes
    assert "Its logs had been silent for 30 m when it went down." in first.notes
    assert not any("silent" in note for note in second.notes)


def test_a_node_whose_pods_logs_are_not_known_is_not_called_silent():
    story = Story(quiet=[(Story().node(1), 4.5, 5.5)])
    story.dies(story.node(1), 5)
    assert not any("silent" in note for note in story.tell().episodes[0].notes)


def test_a_new_node_that_is_not_ready_for_a_moment_is_born_and_not_bad():
    story = Story()
    story.quiet = [(story.node(i), 0, 5 + i) for i in range(3)]
    for i in range(3):
        story.event(story.node(i), 5 + i, "Starting kubelet.")
        story.event(story.node(i), 5 + i + 0.002, f"Node {story.node(i)} status is now: NodeNotReady")
        story.event(story.node(i), 5 + i + 0.006, f"Node {story.node(i)} status is now: NodeReady")
    assert story.tell().episodes == ()


def test_a_node_that_fails_right_after_a_reboot_is_bad():
    story = Story()
    story.dies(story.node(1), 5)  # Ready at 5.26 after a boot
    story.event(story.node(1), 6, "Starting kubelet.")
    story.goes_down(story.node(1), 6.002, back=6.01)
    assert len(story.tell().episodes) == 2


def test_the_condition_in_the_audit_log_tells_where_events_are_not_exported():
    story = Story()
    story.see("node-status-unknown", story.node(1), 5, stream="audit", mechanism=True)
    story.event(story.node(1), 5.3, f"Node {story.node(1)} status is now: NodeReady")
    story.see("node-status-unknown", story.node(2), 7, stream="kubelet")  # one update that failed is no NotReady
    (episode,) = story.tell().episodes
    assert (episode.node, episode.not_ready) == (story.node(1), at(5))


def test_of_several_repairs_of_one_notready_the_one_that_ended_it_is_the_episodes():
    story = Story()
    node = story.node(1)
    story.goes_down(node, 5, back=6)
    first, second, third = (story.repair(5.2 + 0.3 * i, 5.35 + 0.3 * i, node=node) for i in range(3))
    story.operations[0]["error"] = "Requested resource is exhausted"
    story.repair(9, 9.1, node=story.node(2))
    (episode, _) = story.tell().episodes
    assert (episode.operation, episode.end) == (third, at(6))
    told = [note for note in episode.notes if note.startswith("The repair")]
    assert told == [
        f"The repair {first} at 2026-03-01T05:12:00Z failed: Requested resource is exhausted.",
        f"The repair {second} at 2026-03-01T05:30:00Z did not end it.",
    ]


@pytest.mark.parametrize(("quiet_before", "episodes"), [(6.0, 0), (2.0, 1)])
def test_a_node_that_is_born_is_not_going_down(quiet_before: float, episodes: int):
    """The kubelet says NotReady until its network is set up; one that was heard of before had been well."""
    story = Story()
    node = story.node(3)
    story.quiet = [(node, 0, quiet_before)]
    story.event(node, 6, "Starting: Starting kubelet.")  # as the reader shows an event: its reason, then its message
    story._entry("kubelet", "k8s_node", 6.0005, node, '"Node became not ready" condition={Reason:KubeletNotReady}', {})
    story.event(node, 6.01, f"NodeReady: Node {node} status is now: NodeReady")
    assert len(story.tell().episodes) == episodes


def test_the_audit_log_of_its_making_is_no_word_of_a_node() -> None:
    story = Story()
    node = story.node(3)
    story.quiet = [(node, 0, 6.0)]
    story.event(node, 6, "Starting: Starting kubelet.")
    story._entry("kubelet", "k8s_node", 6.0005, node, '"Node became not ready" condition={Reason:KubeletNotReady}', {})
    story.event(node, 6.01, f"NodeReady: Node {node} status is now: NodeReady")
    evidence = story.evidence()
    made = evidence.coverage[evidence.coverage["node"] == node].head(1)
    moment = at(5.9)
    made = made.assign(log_id="cloudaudit.googleapis.com/activity", bin=at(5.5), first=moment, last=moment)
    told = replace(evidence, coverage=pd.concat([made, evidence.coverage], ignore_index=True))
    (course,) = (found for name, found in read_courses(told, frame(OCCURRENCES)).items() if name == node)
    assert course.started
    assert not course.downs

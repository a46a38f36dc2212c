"""What to do now: on which node a step is done, and what it waits for."""

import pytest

from tests.correlate.build import Story, leak
from tests.correlate.whole import full_pack
from triage.model.signal import Step


def runs(steps: tuple[Step, ...]) -> list[str]:
    return [step.run or "" for step in steps]


def disks(story: Story, *hours: float) -> Story:
    """Deaths by full disks, each of its own node."""
    for i, at in enumerate(hours):
        story.see("disk-pressure", story.node(i), at - 0.3, times=5)
        story.dies(story.node(i), at)
    return story


def test_nobody_is_sent_to_a_node_that_was_repaired_hours_ago() -> None:
    steps = disks(Story(), 3, 9).tell(full_pack()).verdict.actions
    assert steps
    assert not any(story_node in run for run in runs(steps) for story_node in (Story().node(0), Story().node(1)))
    assert all(step.say.startswith("On the next node that shows it") for step in steps)


def test_a_node_that_is_down_is_the_one_to_look_at() -> None:
    story = disks(Story(), 3, 9)
    story.see("disk-pressure", story.node(5), 23.6, times=5)
    story.goes_down(story.node(5), 23.9)
    steps = story.tell(full_pack()).verdict.actions
    assert all(story.node(5) in run for run in runs(steps))


def test_a_node_that_fills_up_now_is_the_one_to_look_at() -> None:
    story = disks(Story(), 3, 9)
    story.see("disk-pressure", story.node(7), 23.8, times=5)
    steps = story.tell(full_pack()).verdict.actions
    assert any(story.node(7) in run for run in runs(steps))


def test_a_node_that_came_back_by_itself_still_holds_what_filled_its_disk() -> None:
    story = Story()
    for i in range(2):
        story.see("disk-pressure", story.node(i), 5 + 4 * i - 0.3, times=5)
        story.event(story.node(i), 5 + 4 * i, f"Node {story.node(i)} status is now: NodeNotReady")
        story.event(story.node(i), 5.2 + 4 * i, f"Node {story.node(i)} status is now: NodeReady")
    assert any(story.node(1) in run for run in runs(story.tell(full_pack()).verdict.actions))


def test_the_suspect_is_looked_at_where_it_has_run_the_longest_and_no_healthy_node_is_cordoned() -> None:
    story = leak(Story())
    story.place("shop/pdf", story.node(9), first=20)
    story.place("shop/pdf", story.node(10), first=12)
    steps = story.tell(full_pack()).verdict.actions
    assert story.node(10) in (steps[0].run or "")
    assert not any("cordon" in run for run in runs(steps))


@pytest.mark.parametrize(("direct", "waits"), [(True, False), (False, True)])
def test_a_suspect_by_placement_alone_is_restarted_only_if_the_look_bears_it_out(direct: bool, waits: bool) -> None:
    story = leak(Story(), episodes=5, direct=direct)
    story.place("shop/pdf", story.node(9), first=20)
    verdict = story.tell().verdict
    assert verdict.workload == "shop/pdf"
    (restart,) = (step for step in verdict.actions if step.changes)
    assert restart.say.startswith("If the steps before bear it out: restart") == waits


def test_the_records_of_a_deleted_vm_are_asked_for_by_its_name() -> None:
    story = Story()
    story.see("vm-deleted-by-user", story.node(3), 5 - 0.01, stream="audit")
    story.goes_down(story.node(3), 5, back=5.2)
    steps = story.tell(full_pack()).verdict.actions
    assert any(story.node(3) in run for run in runs(steps))


def test_each_cause_is_looked_at_where_it_struck() -> None:
    """Hosts failed under three nodes; two others ran out of disk, were repaired, and one more is down with it now."""
    story = disks(Story(), 3, 9)
    for i in (5, 6, 7):
        story.see("host-error", story.node(i), 2 * i - 0.01, stream="system-event")
        story.goes_down(story.node(i), 2 * i, back=2 * i + 0.1)
    story.see("disk-pressure", story.node(9), 23.6, times=5)
    story.goes_down(story.node(9), 23.9)
    verdict = story.tell(full_pack()).verdict
    hosts = [run for run in runs(verdict.actions) if "targetLink" in run]
    others = [step.run or "" for step in verdict.actions if "for the other episodes" in step.say]
    assert verdict.cause == "host-error"
    assert [story.node(7) in run for run in hosts] == [True]
    assert [story.node(9) in run for run in others] == [True]

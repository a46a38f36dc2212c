"""What both kinds of control windows are for: each rules out what the other cannot see."""

import pytest

from benchmarks.rules import RULES
from tests.correlate.build import Story

DEATHS = ((0, 3.0), (1, 8.0), (2, 13.0), (3, 18.0))


def dying(story: Story) -> Story:
    for index, hours in DEATHS:
        story.dies(story.node(index), hours)
    return story


def everywhere_at_the_time(story: Story) -> Story:
    """A signal that the whole pool shows in the hour before each death, and at no other time."""
    for _, hours in DEATHS:
        for index in range(story.nodes):
            story.see("conntrack-full", story.node(index), hours - 0.5, times=5)
    return dying(story)


def on_these_nodes_all_day(story: Story) -> Story:
    """A signal that the failing nodes show every half hour, day and night, and no other node ever does."""
    for index, _ in DEATHS:
        for half_hours in range(48):
            story.see("conntrack-full", story.node(index), half_hours / 2 + 0.1)
    return dying(story)


@pytest.mark.parametrize("told", [everywhere_at_the_time, on_these_nodes_all_day])
def test_what_controls_show_as_well_is_no_cause(told):
    verdict = told(Story()).tell().verdict
    assert (verdict.cause, verdict.confidence) == (None, "insufficient")


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (everywhere_at_the_time, "controls: other nodes at the same time"),
        (on_these_nodes_all_day, "controls: the same node at other times"),
    ],
)
def test_either_control_alone_would_blame_it(told, rule):
    (off,) = (off for off in RULES if off.rule == rule)
    with off.switched():
        assert told(Story()).tell().verdict.cause == "conntrack-full"

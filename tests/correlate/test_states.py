"""A metric at its bound is a state: it begins once, and is evidence and control for as long as it lasts."""

from datetime import timedelta

import pytest

from tests.correlate.build import Story, at, pack
from triage.evidence.tables import METRICS, frame
from triage.signals.crossings import crossings
from triage.signals.identity import Identities


def stretches(*values: float, every_m: int = 1) -> list[tuple[int, int]]:
    """Begin and last point, in minutes, of each stretch of `pid_used` at nine tenths of a limit of 1000."""
    points = [("pid_used", k * every_m, v) for k, v in enumerate(values)] + [("pid_limit", 0, 1000.0)]
    rows = [{"metric": m, "node": "n", "timestamp": at(k / 60), "value": v} for m, k, v in points]
    found = crossings(frame(METRICS, rows), pack(), Identities())
    return [tuple((row[side] - at(0)) // timedelta(minutes=1) for side in ("timestamp", "until")) for row in found]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ((100, 950, 960, 300, 100), [(1, 2)]),
        ((950, 960, 970), [(0, 2)]),
        ((890, 905, 895, 902, 899, 910, 880, 901), [(1, 7)]),  # about the bound it wanders to and fro
        ((910, 850, 910, 100, 910), [(0, 0), (2, 2), (4, 4)]),
        ((100, 200, 300), []),
        ((float("nan"), 950, float("nan"), 960), [(1, 3)]),
    ],
)
def test_a_stretch_lasts_until_the_series_has_clearly_left(values, found):
    assert stretches(*values) == found


def test_after_a_long_silence_a_series_gets_there_anew():
    assert stretches(950, 960, 970, every_m=45) == [(0, 0), (45, 45), (90, 90)]
    assert stretches(950, 960, 970, every_m=20) == [(0, 40)]


def at_its_bound(story: Story, node: str, hours: float, until: float) -> None:
    story.see("pid-exhaustion", node, hours, stream="metric", until=at(until))


def test_a_slow_leak_counts_though_it_reached_its_bound_hours_before():
    """A leak over days is at nine tenths of the limit for five hours before the last id is gone."""
    story = Story()
    for i in range(3):
        at_its_bound(story, story.node(i), 1 + 7 * i, 6 + 7 * i)
        story.dies(story.node(i), 6 + 7 * i)
    incident = story.tell()
    assert (incident.verdict.cause, incident.causes[0].episodes_explained) == ("pid-exhaustion", 3)
    assert incident.causes[0].lead_time_s == pytest.approx(5 * 3600)
    assert incident.occurrences[0].count == 3


def test_a_state_that_is_over_before_the_lead_up_is_no_evidence():
    story = Story()
    for i in range(3):
        at_its_bound(story, story.node(i), 1 + 7 * i, 4 + 7 * i)
        story.dies(story.node(i), 6 + 7 * i)
    assert story.tell().verdict.cause is None


def test_nodes_that_live_at_the_bound_all_day_are_no_clean_controls():
    """Every node is at its bound since morning: that some of them were repaired is not its doing."""
    story = Story()
    for node in story.names():
        at_its_bound(story, node, 0.5, 23.9)
    for i in range(4):
        story.dies(story.node(i), 3 + 5 * i)
    assert story.tell().verdict.cause is None


def test_a_state_starts_no_episode_hours_before_it():
    story = Story()
    at_its_bound(story, story.node(1), 1, 6)
    story.dies(story.node(1), 6)
    assert story.tell().episodes[0].start == at(6)

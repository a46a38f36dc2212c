import os
import random
from dataclasses import dataclass
from datetime import timedelta

import pytest
from scipy import stats

from tests.correlate.build import Story, leak
from triage.correlate.align import Fired, align, share_of_shifts, spans_of, tie
from triage.correlate.episodes import Draft
from triage.correlate.homes import Homes
from triage.correlate.times import HOUR, MINUTE
from triage.evidence.tables import PLACEMENTS, frame
from triage.model.incident import Kind


def test_an_alert_belongs_to_the_latest_episode_that_had_started():
    story = Story()
    story.dies(story.node(1), 5)
    story.dies(story.node(2), 5.1)
    story.alert("during", 5.2)
    story.alert("just-after", 5.36 + 4 / 60)
    story.alert("before", 4.9)
    story.alert("long-after", 8)
    ties = {a.id: a.episode for a in story.tell().alerts}
    assert ties == {"before": None, "during": 1, "just-after": 1, "long-after": None}


def test_of_several_episodes_the_one_whose_node_carried_the_service_has_it():
    story = Story()
    story.dies(story.node(1), 5)
    story.dies(story.node(2), 5.1)
    story.place("shop/cart", story.node(1))
    story.place("shop/web", story.node(2))
    story.alert("cart", 5.2, service="cart")
    incident = story.tell()
    assert incident.episodes[incident.alerts[0].episode or 0].node == story.node(1)


def test_a_slow_burn_is_counted_and_not_tied():
    story = leak(Story())
    story.alert("slow", 2.6, lookback_s=21600.0)
    incident = story.tell()
    slow = next(a for a in incident.alerts if a.id == "slow")
    assert (slow.episode, slow.slow_burn) == (None, True)
    assert incident.alignment.alerts == 5
    assert incident.alignment.aligned == 4


def test_alignment_tells_observed_from_expected():
    alignment = leak(Story(), episodes=5).tell().alignment
    assert (alignment.alerts, alignment.aligned) == (5, 5)
    assert alignment.expected is not None
    assert alignment.expected == pytest.approx(5 * 5 * (0.61 + 0.0833 + 0.05) / 24, rel=0.15)
    assert alignment.p_value is not None
    assert alignment.p_value < 0.05


def test_below_three_episodes_only_counts_are_shown():
    alignment = leak(Story(), episodes=2).tell().alignment
    assert alignment.expected is not None
    assert alignment.p_value is None
    assert leak(Story(), episodes=1).tell().alignment.expected is None


def test_shifted_alerts_come_untied():
    story = leak(Story(), episodes=5)
    for row in story.alerts:
        row["opened"] += timedelta(hours=1.7)
    alignment = story.tell().alignment
    assert alignment.aligned == 0
    assert alignment.p_value == 1.0


def test_the_window_of_the_test_is_what_the_evidence_covers():
    """A day of logs in a week that was asked for: six days without logs are no days without episodes."""
    day, week = leak(Story(), episodes=5), leak(Story(hours=168), episodes=5)
    week.quiet = [(name, 24, 168) for name in week.names()]
    of_day, of_week = day.tell().alignment, week.tell().alignment
    assert of_week.expected == pytest.approx(of_day.expected, rel=0.01)
    assert of_week.p_value == pytest.approx(of_day.p_value, rel=0.01)
    assert "over the window" in of_day.method
    assert "over the 24 h of the window that the evidence covers" in of_week.method


def test_alerts_from_when_nothing_could_be_seen_count_neither_for_nor_against():
    week = leak(Story(hours=168), episodes=5)
    week.quiet = [(name, 24, 168) for name in week.names()]
    before = week.tell().alignment
    for day in range(2, 7):
        week.alert(f"unseen-{day}", 24 * day)
    after = week.tell().alignment
    assert (after.alerts, after.aligned) == (before.alerts + 5, before.aligned)
    assert (after.expected, after.p_value) == (before.expected, before.p_value)


def test_no_p_is_smaller_than_a_minute_of_shifting():
    """Alerts that open in the first second, and in the last, of their episodes; times are no finer than a minute."""
    story = Story()
    for i, hours in enumerate((3, 8.1, 13.7)):
        story.dies(story.node(i), hours)
    story.alert("first", 3)
    story.alert("middle", 8.2)
    story.alert("last", 13.7 + 0.26 + 5 / 60)
    assert story.tell().alignment.aligned == 3
    assert story.tell().alignment.p_value == pytest.approx(1 / (24 * 60), rel=0.01)


NULLS = 3000 if os.environ.get("TRIAGE_FULL_NULL") else 600
"""Incidents whose alerts know nothing of the episodes."""
FULL_DAY, SHORT = 24 * HOUR, 30 * MINUTE


@dataclass(frozen=True)
class Null:
    """What one of them gives: p as reported, and p with ties broken by lot, which is uniform to the last digit."""

    p: float
    by_lot: float


def null(rng: random.Random, length: int) -> Null:
    """Episodes in a rhythm of their own, alerts in bursts; neither knows of the other."""
    count, first = rng.randint(3, 7), rng.uniform(0, 3)
    drafts = []
    for i in range(count):
        at = int((first + i * 3 + rng.uniform(-1, 1)) * HOUR) % length
        end = at + rng.randrange(SHORT) + MINUTE
        drafts.append(Draft(f"n{i}", None, at, at, end, at, end, Kind.UNREPAIRED))
    opened = []
    for _ in range(rng.randint(3, 6)):
        start = rng.randrange(length)
        opened += [(start + rng.randrange(20 * MINUTE)) % length for _ in range(rng.randint(1, 4))]
    alerts = [Fired(str(i), None, None, None, None, at, None, None, False, None) for i, at in enumerate(sorted(opened))]
    ties = tie(alerts, drafts, NOWHERE_AT_ALL, length)
    p = align(alerts, ties, drafts, (0, length)).p_value
    assert p is not None
    spans = spans_of(drafts, 0, length)
    observed = sum(any(low <= at <= high for low, high in spans) for at in opened)
    more = share_of_shifts(opened, spans, length, observed + 1)
    return Null(p, more + rng.random() * (p - more))


NOWHERE_AT_ALL = Homes(frame(PLACEMENTS), {}, 0)


@pytest.fixture(scope="module")
def nulls() -> list[Null]:
    rng = random.Random(11)
    return [null(rng, FULL_DAY) for _ in range(NULLS)]


@pytest.mark.parametrize("level", [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
def test_chance_gives_small_p_values_no_more_often_than_they_say(nulls: list[Null], level: float):
    share = sum(n.p <= level for n in nulls) / len(nulls)
    assert share <= level + 3 * (level * (1 - level) / len(nulls)) ** 0.5


def test_p_values_are_uniform_where_alerts_know_nothing_of_episodes(nulls: list[Null]):
    """Kolmogorov and Smirnov: no more small ones than there should be, and not fewer than counts allow."""
    assert stats.kstest([n.by_lot for n in nulls], "uniform").pvalue > 0.05
    # What is reported breaks no ties, so it may be too large, but by no more than the ties.
    assert stats.kstest([n.p for n in nulls], "uniform", alternative="greater").pvalue > 0.05


@pytest.mark.parametrize("level", [0.05, 0.1, 0.5])
def test_over_days_the_worse_of_two_nulls_is_on_the_safe_side(level: float):
    rng = random.Random(12)
    found = [null(rng, 3 * FULL_DAY) for _ in range(NULLS // 3)]
    share = sum(n.p <= level for n in found) / len(found)
    assert share <= level + 3 * (level * (1 - level) / len(found)) ** 0.5


def test_through_the_whole_correlator_chance_stays_chance():
    rng = random.Random(13)
    found = []
    for _ in range(20):
        story = Story(nodes=8)
        for i in range(5):
            hour = rng.uniform(0.5, 23)
            story.goes_down(story.node(i), hour, back=hour + 0.4)
        for burst in range(4):
            start = rng.uniform(0, 23.5)
            for k in range(rng.randint(1, 4)):
                story.alert(f"{burst}-{k}", start + k / 60)
        found.append(story.tell().alignment.p_value or 0.0)
    assert sum(p <= 0.1 for p in found) <= 6
    assert stats.kstest(found, "uniform", alternative="greater").pvalue > 0.01

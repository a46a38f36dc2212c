import os
import random
from datetime import timedelta

import pytest

from tests.correlate.build import Story, leak


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


def test_p_values_are_uniform_where_alerts_know_nothing_of_episodes():
    runs = 400 if os.environ.get("TRIAGE_FULL_NULL") else 25
    rng = random.Random(11)
    low = 0
    for _ in range(runs):
        story = Story(nodes=8)
        hours = sorted(rng.uniform(0.5, 23) for _ in range(5))
        for i, hour in enumerate(hours):
            story.goes_down(story.node(i), hour, back=hour + 0.4)
        for burst in range(4):
            start = rng.uniform(0, 23.5)
            for k in range(rng.randint(1, 4)):
                story.alert(f"{burst}-{k}", start + k / 60)
        p = story.tell().alignment.p_value
        assert p is not None
        low += p <= 0.1
    assert low / runs <= 0.1 + 3 * (0.1 * 0.9 / runs) ** 0.5

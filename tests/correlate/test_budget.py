"""The share of the burned error budget that episodes explain."""

import pytest

from tests.correlate.build import Story, leak
from triage.model.incident import Incident


def burns(story: Story, metric: str, at_rest: float, in_episodes: float, *, minutes: float = 5) -> Story:
    """A burn rate that is higher from each death (every four hours from 2.5 on) for half an hour."""
    points = []
    for i in range(int(story.hours * 60 / minutes)):
        hours = i * minutes / 60
        dying = any(death < hours <= death + 0.26 for death in (2.5, 6.5, 10.5, 14.5))
        points.append((hours, in_episodes if dying else at_rest))
    story.measure(metric, None, points)
    return story


def left(story: Story, metric: str, *, lost: float, otherwise: float) -> Story:
    """What is left of a budget: `lost` in each of the four deaths, `otherwise` evenly over the day."""
    points = []
    for i in range(24 * 12):
        hours = i / 12
        gone = sum(lost * min(1.0, max(0.0, (hours - death) / 0.25)) for death in (2.5, 6.5, 10.5, 14.5))
        points.append((hours, 0.9 - gone - otherwise * hours / 24))
    story.measure(metric, None, points)
    return story


def only(incident: Incident):
    (share,) = incident.alignment.budget
    return share


def test_what_is_left_of_a_budget_tells_how_much_burned_and_when():
    share = only(left(leak(Story()), "slo_budget_fraction:0:cart/availability", lost=0.1, otherwise=0.1).tell())
    assert (share.service, share.objective, share.measure) == ("cart", "availability", "budget-fraction")
    assert share.burned == pytest.approx(0.5, abs=0.01)
    assert share.share == pytest.approx(0.4 / 0.5, abs=0.05)
    assert share.time_share is not None
    assert share.time_share < 0.2


def test_a_burn_rate_tells_the_share_and_not_how_much():
    share = only(burns(leak(Story()), "slo_burn_rate:300:cart/availability", 0.2, 20.0).tell())
    assert share.burned is None
    assert share.share is not None
    assert share.share > 0.7


def test_a_budget_that_burns_all_day_burns_in_episodes_by_their_share_of_time_alone():
    share = only(burns(leak(Story()), "slo_burn_rate:300:cart/availability", 3.0, 3.0).tell())
    assert share.share == pytest.approx(share.time_share, abs=0.01)


def test_what_is_won_back_does_not_count_against_what_burned():
    story = leak(Story())
    story.measure(
        "slo_budget_fraction:0:cart/a",
        None,
        [(i / 12, 0.5 if i < 30 else 0.2 if i < 36 else 0.6) for i in range(288)],
    )
    share = only(story.tell())
    assert share.burned == pytest.approx(0.3)
    assert share.share == pytest.approx(1.0)


def test_the_budget_itself_is_believed_before_a_rate_and_a_short_look_back_before_a_long_one():
    story = leak(Story())
    burns(story, "slo_burn_rate:3600:cart/a", 1.0, 1.0)
    burns(story, "slo_burn_rate:300:cart/a", 0.2, 20.0)
    assert only(story.tell()).lookback_s == 300
    left(story, "slo_budget_fraction:0:cart/a", lost=0.1, otherwise=0.1)
    assert only(story.tell()).measure == "budget-fraction"


def test_a_look_back_of_an_hour_claims_nothing():
    share = only(burns(leak(Story()), "slo_burn_rate:3600:cart/a", 0.2, 20.0).tell())
    assert (share.share, share.time_share) == (None, None)


@pytest.mark.parametrize("values", [[1.0] * 288, [0.5]], ids=["nothing burned", "one point"])
def test_nothing_is_said_where_nothing_is_known(values):
    story = leak(Story())
    story.measure("slo_budget_fraction:0:cart/a", None, [(i / 12, v) for i, v in enumerate(values)])
    assert story.tell().alignment.budget == ()


def test_a_few_hours_of_points_say_nothing_of_a_day():
    story = leak(Story())
    story.measure("slo_burn_rate:300:cart/a", None, [(i / 12, 5.0) for i in range(60)])
    assert story.tell().alignment.budget == ()


def test_without_episodes_there_is_nothing_to_explain():
    assert burns(Story(), "slo_burn_rate:300:cart/a", 1.0, 1.0).tell().alignment.budget == ()

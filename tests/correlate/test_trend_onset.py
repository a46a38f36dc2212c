"""A leak that begins after hours of calm is measured from where it begins."""

from datetime import UTC, datetime

import numpy as np
import pytest

from triage.correlate.trend import _since_onset

MINUTE = 60 * 10**9
START = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize("calm", [0, 30, 120])
@pytest.mark.parametrize("noise", [0.0, 20.0])
def test_the_rise_is_told_from_the_calm_before_it(calm: int, noise: float) -> None:
    wobble = np.random.default_rng(7).normal(0, noise, calm + 60)
    values = np.concatenate([np.full(calm, 400.0), 400 + 100.0 * np.arange(60)]) + wobble
    times = START + MINUTE * np.arange(len(values))
    kept, _ = _since_onset(times, values)
    assert abs((kept[0] - START) // MINUTE - calm) <= 3


def test_a_straight_rise_is_left_whole() -> None:
    times = START + MINUTE * np.arange(60)
    kept, _ = _since_onset(times, 5.0 * np.arange(60))
    assert len(kept) == 60

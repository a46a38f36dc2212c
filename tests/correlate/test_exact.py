"""The correlator's own statistics against a library's: `scipy.stats` is imported here alone."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats.contingency import odds_ratio

from triage.correlate.exact import (
    benjamini_hochberg,
    hypergeometric_tail,
    odds_interval,
    poisson_binomial_tail,
    theil_sen,
)

CLOSE = {"rel": 1e-8, "abs": 1e-12}


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Hits, cases, seen, controls."""
    cases, controls = draw(st.integers(1, 60)), draw(st.integers(1, 3000))
    return draw(st.integers(0, cases)), cases, draw(st.integers(0, controls)), controls


@given(tables())
def test_fishers_exact_test(table: tuple[int, int, int, int]) -> None:
    hits, cases, seen, controls = table
    found = hypergeometric_tail(hits, cases, controls, hits + seen)
    rows = [[hits, cases - hits], [seen, controls - seen]]
    assert found == pytest.approx(stats.fisher_exact(rows, alternative="greater").pvalue, **CLOSE)


@given(st.integers(1, 40), st.integers(0, 40), st.data())
def test_the_hypergeometric_tail(marked: int, unmarked: int, data: st.DataObject) -> None:
    drawn = data.draw(st.integers(0, marked + unmarked))
    hits = data.draw(st.integers(0, min(marked, drawn)))
    expected = stats.hypergeom.sf(hits - 1, marked + unmarked, marked, drawn)
    assert hypergeometric_tail(hits, marked, unmarked, drawn) == pytest.approx(expected, **CLOSE)


@given(tables())
def test_the_exact_conditional_interval_of_the_odds_ratio(table: tuple[int, int, int, int]) -> None:
    hits, cases, seen, controls = table
    assume(0 < hits + seen < cases + controls)  # with an empty column any ratio is possible, and nothing asks
    low, high = odds_interval(hits, cases, seen, controls)
    interval = odds_ratio([[hits, cases - hits], [seen, controls - seen]]).confidence_interval(0.95)
    assert low == pytest.approx(interval.low, rel=1e-6, abs=1e-9)
    assert (np.inf if high is None else high) == pytest.approx(interval.high, rel=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(stats.false_discovery_control(p_values, method="bh"), **CLOSE)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.data())
def test_the_tail_of_unequal_draws(shares: list[float], data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, len(shares)))
    ways = np.array(np.meshgrid(*[[0, 1]] * len(shares))).reshape(len(shares), -1).T
    chances = np.prod(np.where(ways == 1, shares, 1 - np.array(shares)), axis=1)
    assert poisson_binomial_tail(hits, shares) == pytest.approx(chances[ways.sum(axis=1) >= hits].sum(), abs=1e-9)


@given(st.dictionaries(st.integers(0, 600), st.integers(-50, 50), min_size=3, max_size=60))
def test_theil_sen(points: dict[int, int]) -> None:
    times, values = np.array(list(points), dtype=float), np.array(list(points.values()), dtype=float)
    expected = stats.theilslopes(values, times, 0.95)
    found = theil_sen(values, times, 0.95)
    assert found == pytest.approx((expected.slope, expected.low_slope, expected.high_slope), **CLOSE)


def test_nothing_loads_a_statistics_library() -> None:
    code = "import sys, triage.incident, triage.correlate.exact; sys.exit(str(sorted({'scipy'} & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "[]\n"

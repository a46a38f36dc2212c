"""Exact tests and intervals for counts and ranks, each a few lines: loading a statistics library costs half a second.

The tests hold every function against `scipy.stats`.
"""

from collections.abc import Sequence
from math import exp, lgamma, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

_HALVINGS = 80
"""Of the bracket on the log of the odds ratio: beyond what a float can tell apart."""


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _log_weights(first: int, second: int, drawn: int) -> tuple[int, Any]:
    """The hypergeometric's smallest value, and from there on the logs of C(first, x) · C(second, drawn − x)."""
    least, most = max(0, drawn - second), min(first, drawn)
    logs = [_log_choose(first, x) + _log_choose(second, drawn - x) for x in range(least, most + 1)]
    return least, np.array(logs)


def hypergeometric_tail(hits: int, first: int, second: int, drawn: int) -> float:
    """P(X ≥ hits) where `drawn` are drawn without replacement from `first` marked and `second` unmarked ones.

    The sum of C(first, x) · C(second, drawn − x) / C(first + second, drawn) over x ≥ hits (R. A. Fisher, Statistical
    Methods for Research Workers, §21.02): with `first` cases, `second` controls and `drawn` of both showing a signal
    it is the one-sided p of Fisher's exact test.
    """
    least, logs = _log_weights(first, second, drawn)
    if hits <= least:
        return 1.0
    whole = _log_choose(first + second, drawn)
    return float(min(1.0, np.exp(logs[hits - least :] - whole).sum()))


def odds_interval(hits: int, cases: int, seen: int, controls: int, level: float = 0.95) -> tuple[float, float | None]:
    """The exact conditional interval of the odds ratio of `hits` of `cases` against `seen` of `controls`.

    Given all margins, the count of hits is noncentral hypergeometric: P(x) ∝ C(cases, x) · C(controls, n − x) · ψ^x.
    The interval's ends are the ψ at which the observed count's upper, and lower, tail is (1 − level) / 2 (J. Cornfield,
    "A statistical problem arising from retrospective studies", 1956). The upper end is None where there is none.
    """
    least, logs = _log_weights(cases, controls, hits + seen)
    at, steps = hits - least, np.arange(len(logs))
    beyond = (1 - level) / 2

    def upper(psi: float) -> float:
        """P(X ≥ hits) at a log odds ratio; rises with it."""
        tilted = logs + psi * steps
        weights = np.exp(tilted - tilted.max())
        return float(weights[at:].sum() / weights.sum())

    def lower_rest(psi: float) -> float:
        """1 − P(X ≤ hits), which rises too."""
        tilted = logs + psi * steps
        weights = np.exp(tilted - tilted.max())
        return float(1 - weights[: at + 1].sum() / weights.sum())

    low = 0.0 if at == 0 else exp(_crossing(upper, beyond))
    high = None if at == len(logs) - 1 else exp(_crossing(lower_rest, 1 - beyond))
    return low, high


def _crossing(rising: Any, level: float) -> float:
    """Where a rising function of a log odds ratio reaches `level`, by halving."""
    low, high = -1.0, 1.0
    while rising(low) > level:
        low *= 2
    while rising(high) < level:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < level else (low, middle)
    return (low + high) / 2


def poisson_binomial_tail(hits: int, shares: Sequence[float]) -> float:
    """P(X ≥ hits) of independent draws that each succeed with their own share: the convolution of the draws.

    S. D. Poisson, "Recherches sur la probabilité des jugements", 1837.
    """
    spread = np.array([1.0])
    for share in shares:
        spread = np.convolve(spread, [1 - share, share])
    return float(min(1.0, spread[hits:].sum()))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """q of each p: the smallest false discovery rate at which it is still found, min over j ≥ i of p(j) · m / j.

    Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", 1995.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(-p, kind="stable")
    ranks = np.arange(len(p), 0, -1)
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(p[order] * len(p) / ranks)
    return [float(value) for value in np.minimum(q, 1.0)]


def theil_sen(values: Any, times: Any, level: float = 0.95) -> tuple[float, float, float]:
    """The median of all pairs' slopes, and its interval; times that are equal make no pair.

    P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968; the interval takes the normal
    approximation of Kendall's S with its correction for ties. Needs two different times.
    """
    values, times = np.asarray(values, dtype=float), np.asarray(times, dtype=float)
    apart = times[:, None] - times[None, :]
    later = apart > 0
    slopes = np.sort((values[:, None] - values[None, :])[later] / apart[later])
    n = len(values)
    variance = (_kendall(n) - sum(map(_kendall, _repeats(times))) - sum(map(_kendall, _repeats(values)))) / 18
    reach = NormalDist().inv_cdf((1 + level) / 2) * sqrt(max(variance, 0))
    below = max(round((len(slopes) - reach) / 2) - 1, 0)
    above = min(round((len(slopes) + reach) / 2), len(slopes) - 1)
    return float(np.median(slopes)), float(slopes[below]), float(slopes[above])


def _kendall(n: int) -> int:
    return n * (n - 1) * (2 * n + 5)


def _repeats(values: Any) -> list[int]:
    return [int(count) for count in np.unique(values, return_counts=True)[1] if count > 1]

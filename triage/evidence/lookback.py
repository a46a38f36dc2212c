"""How far back an alert looks: the burn-rate window, read from filters, labels, or the words of a name."""

import re
from collections.abc import Iterable

SLOW_BURN_S = 21_600.0
"""Windows of six hours and more sum up many episodes."""

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_UNIT = r"(s|m|h|d|w)(?:ec(?:ond)?s?|in(?:ute)?s?|rs?|ours?|ays?|eeks?)?"
_BURN_RATE = re.compile(rf"select_slo_burn_rate\([^()]*?,\s*[\"']?(\d{{1,9}}){_UNIT}[\"']?\s*\)", re.IGNORECASE)
_LENGTH = re.compile(rf"(?<![\d.])(\d{{1,6}})[ -]?{_UNIT}(?![a-z])", re.IGNORECASE)
_FACTOR = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d+)?) ?(?:x\b|×)", re.IGNORECASE)
_ABOUT_BUDGET = re.compile(r"burn|budget|slo(?![a-z])|error.?rate|lookback|window", re.IGNORECASE)
_BUDGET_PERIOD_S = 6.5 * 86_400  # "28d" and "30d" in a name are the objective's period, not a window
# SRE workbook, chapter 5: a 30-day budget burnt 14.4 times too fast over 1 h, 6 over 6 h, 3 over 1 d, 1 over 3 d.
_BY_FACTOR = {14.4: 3600.0, 14.0: 3600.0, 13.44: 3600.0, 6.0: 21_600.0, 3.0: 86_400.0, 1.0: 259_200.0}
LABELS = ("long_window", "long", "lookback", "window", "burn_window", "sloth_window", "slo_window", "alert_window")
"""Labels that burn-rate rule generators put on their alerts."""


def lookback_of(texts: Iterable[str | None]) -> float | None:
    """The longest window in seconds that the texts speak of, None where they speak of none.

    Texts are conditions' filters, queries and names, policies' names, and values of LABELS. Lengths of time in a name
    count only where it speaks of burn rates, budgets, objectives or windows.
    """
    known = [text for text in texts if text]
    rates = [_length(*match) for text in known for match in _BURN_RATE.findall(text)]
    if rates:
        return max(rates)
    about = [text for text in known if _ABOUT_BUDGET.search(text)]
    lengths = [
        length for text in about for match in _LENGTH.findall(text) if (length := _length(*match)) < _BUDGET_PERIOD_S
    ]
    if lengths:
        return max(lengths)
    burning = [text for text in about if re.search(r"burn|budget", text, re.IGNORECASE)]
    factors = [_BY_FACTOR.get(float(found)) for text in burning for found in _FACTOR.findall(text)]
    told = [factor for factor in factors if factor]
    if told:
        return max(told)
    words = " ".join(burning).lower()
    if "slow" in words:
        return SLOW_BURN_S
    return 3600.0 if "fast" in words else None


def window_label(value: str) -> str:
    """A window label's value as a text that `lookback_of` reads."""
    return f"window {value}"


def _length(count: str, unit: str) -> float:
    return float(count) * _SECONDS[unit.lower()]

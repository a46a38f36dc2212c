"""What the episodes cost in error budget, in one sentence."""

from collections import Counter
from collections.abc import Sequence

from triage.model.incident import BudgetShare, Incident
from triage.render import words

_MOST = 4
"""Services in a sentence."""


def budget_sentence(incident: Incident) -> str:
    """Which share of each service's burned error budget burned in episodes; empty where no series tells."""
    budgets = incident.alignment.budget
    told = [(b, b.share, b.time_share) for b in budgets if b.share is not None and b.time_share is not None]
    several = Counter(b.service for b in budgets)
    if not told:
        vague = [b for b in budgets if b.share is None]
        if not vague:
            return ""
        names = words.listed([_name(b, several) for b in vague])
        return (
            f"How much of the burned error budget of {names} is the episodes' cannot be told: the burn rate looks back "
            f"{words.length(min(b.lookback_s for b in vague))}, longer than most episodes."
        )
    shares = _ranked([(share, _name(b, several)) for b, share, _ in told])
    wholes = _ranked([(b.burned, _name(b, several)) for b in budgets if b.burned is not None])
    times = sorted({(round(time, 2), _percent(time)) for _, _, time in told})
    during = times[0][1] if len(times) == 1 else f"{times[0][1]} to {times[-1][1]}"
    return (
        f"Of the error budget burned in this window, {shares} burned in an episode or the five minutes after it, which "
        f"take {during} of the time.{f' In the whole window, {wholes} budget burned.' if wholes else ''}"
    )


def _ranked(shares: Sequence[tuple[float, str]]) -> str:
    """`82 % of cart's, 75 % of web's and 3 to 62 % of 6 more services'`: the largest first, the others as a range."""
    ranked = sorted(shares, key=lambda one: (-one[0], one[1]))
    rest = ranked[_MOST - 1 :] if len(ranked) > _MOST else []
    said = [f"{_percent(share)} of {name}'s" for share, name in ranked[: len(ranked) - len(rest)]]
    if rest:
        low, high = _percent(rest[-1][0]), _percent(rest[0][0])
        spread = high if low == high else f"{low.removesuffix(' %')} to {high}"
        said.append(f"{spread} of {len(rest):,} more services'")
    return words.listed(said, _MOST)


def _name(budget: BudgetShare, several: Counter[str]) -> str:
    """The service; with the objective where it has more than one."""
    return f"{budget.service} ({budget.objective})" if several[budget.service] > 1 else budget.service


def _percent(share: float) -> str:
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"

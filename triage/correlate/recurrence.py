"""What the episodes have in common: node, pool, zone, machine, image, version, time of day, the time between them."""

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Literal

import numpy as np

from triage.correlate.episodes import Draft
from triage.correlate.pools import Fleet
from triage.correlate.times import DAY, HOUR
from triage.model.incident import Recurrence
from triage.units import format_duration

Aspect = Literal["node-pool", "zone", "machine-type", "image", "version"]
_ASPECTS: tuple[tuple[Aspect, str], ...] = (
    ("node-pool", "node_pool"),
    ("zone", "zone"),
    ("machine-type", "machine_type"),
    ("image", "image"),
    ("version", "version"),
)
_SHARED = 0.8
_COMMON = 0.9
"""What nine nodes of ten have in common says nothing of the failing ones."""
_REGULAR = 0.25


def recurrences(
    drafts: Sequence[Draft], fleet: Fleet, workloads: Sequence[str | None], filling: str = ""
) -> tuple[Recurrence, ...]:
    """The aspects that unplanned episodes share, in the order of the contract.

    `workloads` holds each episode's workload; `filling` says what takes as long as a regular interval, where a metric
    shows it. Nothing below two episodes.
    """
    episodes = [d for d in drafts if d.planned is None and d.known_node]
    if len(episodes) < 2:
        return ()
    found: list[Recurrence] = []
    for node, n in sorted(Counter(d.node for d in episodes).items(), key=lambda item: (-item[1], item[0])):
        if n > 1:
            found.append(
                Recurrence(aspect="node", value=node, episodes=n, of=len(episodes), note="the same node again")
            )
    for aspect, name in _ASPECTS:
        found += _shared(aspect, name, episodes, fleet)
    named = Counter(w for w, d in zip(workloads, drafts, strict=True) if w and d.planned is None)
    for workload, n in sorted(named.items(), key=lambda item: (-item[1], item[0]))[:3]:
        if n > 1:
            found.append(Recurrence(aspect="workload", value=workload, episodes=n, of=len(episodes)))
    found += _hours(episodes)
    found += _intervals(episodes, filling)
    return tuple(found)


def _shared(aspect: Aspect, name: str, episodes: Sequence[Draft], fleet: Fleet) -> list[Recurrence]:
    """A value that most episodes share and that not nearly all nodes have."""
    values = Counter(
        v for v in (d.node_pool if name == "node_pool" else getattr(fleet.facts(d.node), name) for d in episodes) if v
    )
    if not values:
        return []
    value, n = min(values.items(), key=lambda item: (-item[1], item[0]))
    everywhere = [getattr(fleet.facts(node), name) for node in fleet.nodes]
    known = [v for v in everywhere if v]
    share = known.count(value) / len(known) if known else 1.0
    if n < _SHARED * len(episodes) or share >= _COMMON:
        return []
    note = f"{known.count(value)} of {len(known)} nodes are like this"
    return [Recurrence(aspect=aspect, value=str(value), episodes=n, of=len(episodes), note=note)]


def _hours(episodes: Sequence[Draft]) -> list[Recurrence]:
    """Onsets within three hours of the day, over at least three days and episodes."""
    onsets = np.array([d.onset for d in episodes])
    if len(onsets) < 3 or len({int(t // DAY) for t in onsets}) < 3:
        return []
    hours = np.sort((onsets % DAY) / HOUR)
    gaps = np.diff(np.concatenate([hours, [hours[0] + 24]]))
    width = 24 - float(gaps.max())
    if width > 3:
        return []
    first = float(hours[(int(gaps.argmax()) + 1) % len(hours)])
    value = f"{_clock(first)}–{_clock((first + width) % 24)} UTC"
    return [
        Recurrence(aspect="hour", value=value, episodes=len(episodes), of=len(episodes), note="the same time of day")
    ]


def _clock(hour: float) -> str:
    return f"{int(hour):02d}:{int(hour % 1 * 60):02d}"


def _intervals(episodes: Sequence[Draft], filling: str) -> list[Recurrence]:
    """The time between onsets (group by group), where it is regular."""
    groups: dict[int, int] = {}
    for draft in episodes:
        groups[draft.group] = min(draft.onset, groups.get(draft.group, draft.onset))
    gaps = np.diff(np.sort(np.array(list(groups.values())))) / 1e9
    if len(gaps) < 2:
        return []
    middle = float(median(gaps))
    spread = float(median(np.abs(gaps - middle)))
    if middle <= 0:
        return []
    regular = spread <= _REGULAR * middle
    value = f"{format_duration(middle)} ± {format_duration(spread)}"
    note = (filling or "regular") if regular else "irregular; the median"
    return [Recurrence(aspect="interval", value=value, episodes=len(groups), of=len(groups), note=note)]

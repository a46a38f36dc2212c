"""The causal graph that `leads_to` spans: what brings on what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from triage.model.signal import Link, Pack


@dataclass(frozen=True)
class Graph:
    """Signals as nodes, `leads_to` as edges from cause to effect.

    In a checked pack two signals may bring on each other (a panic follows a lock-up, or leaves one behind: time tells
    which), and beyond such pairs nothing runs in a circle.
    """

    pack: Pack

    @cached_property
    def effects(self) -> Mapping[str, tuple[Link, ...]]:
        """Signal → what it leads to."""
        return {signal.id: signal.leads_to for signal in self.pack.signals}

    @cached_property
    def causes(self) -> Mapping[str, tuple[str, ...]]:
        """Signal → what leads to it, by id."""
        found: dict[str, list[str]] = {signal.id: [] for signal in self.pack.signals}
        for signal in self.pack.signals:
            for link in signal.leads_to:
                found[link.id].append(signal.id)
        return {name: tuple(sorted(causes)) for name, causes in found.items()}

    def downstream(self, signal_id: str) -> tuple[str, ...]:
        """Everything that the signal may bring on, nearest first."""
        return _walk(signal_id, {name: tuple(link.id for link in links) for name, links in self.effects.items()})

    def upstream(self, signal_id: str) -> tuple[str, ...]:
        """Everything that may bring the signal on, nearest first."""
        return _walk(signal_id, self.causes)

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """How many steps each signal lies below the furthest of its causes; 0 for what nothing brings on.

        Of two that bring on each other neither lies below the other.
        """
        rank = dict.fromkeys(self.effects, 0)
        edges = one_way({name: [link.id for link in links] for name, links in self.effects.items()})
        for name in order(edges):
            for effect in edges[name]:
                rank[effect] = max(rank[effect], rank[name] + 1)
        return rank


def _walk(start: str, edges: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    seen: dict[str, None] = {}
    level: Sequence[str] = [start]
    while level:
        level = [to for name in level for to in edges[name] if to not in seen and to != start]
        level = list(dict.fromkeys(level))
        seen |= dict.fromkeys(level)
    return tuple(seen)


def one_way(edges: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The edges without those between two signals that bring on each other."""
    return {
        name: [effect for effect in effects if effect == name or name not in edges.get(effect, ())]
        for name, effects in edges.items()
    }


def order(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """The signals, each after all that lead to it; those on a circle, and below one, are left out."""
    waiting = dict.fromkeys(edges, 0)
    for effects in edges.values():
        for name in effects:
            if name in waiting:
                waiting[name] += 1
    ready = sorted(name for name, count in waiting.items() if not count)
    done: list[str] = []
    while ready:
        name = ready.pop(0)
        done.append(name)
        for effect in edges[name]:
            if effect in waiting:
                waiting[effect] -= 1
                if not waiting[effect]:
                    ready.append(effect)
    return done


def cycles(edges: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """One circle of each knot of signals that lead back to themselves, first and last the same."""
    clean = set(order(edges))
    found: list[tuple[str, ...]] = []
    known: set[str] = set()
    for start in sorted(set(edges) - clean):
        if start in known:
            continue
        circle = _circle(start, edges, clean)
        if circle and not known.intersection(circle):
            found.append(circle)
            known.update(circle)
    return found


def _circle(start: str, edges: Mapping[str, Sequence[str]], clean: set[str]) -> tuple[str, ...] | None:
    """The shortest way from `start` back to itself, if there is one."""
    came_from: dict[str, str] = {}
    level = [start]
    while level:
        following: list[str] = []
        for name in level:
            for effect in edges[name]:
                if effect == start:
                    way = [start, name]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return tuple(reversed(way))
                if effect in edges and effect not in clean and effect not in came_from:
                    came_from[effect] = name
                    following.append(effect)
        level = following
    return None

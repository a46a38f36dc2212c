"""The declared causal graph: which signal brings on which, as the signal files say."""

import heapq
from functools import cache

from triage.correlate.times import DAY, HOUR, length_ns
from triage.model.signal import Link, Pack, Role, Signal

NOT_READY, UNKNOWN, AUTO_REPAIR = "node-not-ready", "node-status-unknown", "node-auto-repair"
ENDS = (NOT_READY, UNKNOWN)
"""What a node's death looks like from outside; chains run towards these."""


class Graph:
    """Questions to the pack's links."""

    def __init__(self, pack: Pack) -> None:
        self._signals = {signal.id: signal for signal in pack.signals}
        self._links = {signal.id: {link.id: link for link in signal.leads_to} for signal in pack.signals}
        self.descendants = cache(self._descendants)
        self.reach = cache(self._reach)

    def signal(self, signal_id: str) -> Signal | None:
        """The signal of that id, None where the pack has none."""
        return self._signals.get(signal_id)

    def role(self, signal_id: str) -> Role:
        """A signal's role; unknown ids are context."""
        signal = self._signals.get(signal_id)
        return signal.role if signal else Role.CONTEXT

    def planned(self, signal_id: str) -> bool:
        """Whether the signal is planned work."""
        signal = self._signals.get(signal_id)
        return bool(signal and signal.planned)

    def is_cause(self, signal_id: str) -> bool:
        """Whether a verdict may name it as a fault's cause."""
        return self.role(signal_id) is Role.CAUSE and not self.planned(signal_id)

    def link(self, cause: str, effect: str) -> Link | None:
        """The declared link between two signals."""
        return self._links.get(cause, {}).get(effect)

    def links(self, cause: str) -> list[Link]:
        """All links from a signal, by id."""
        return [link for _, link in sorted(self._links.get(cause, {}).items())]

    def upstream_of(self, cause: str, effect: str) -> bool:
        """Whether links lead from `cause` to `effect`."""
        return effect in self.descendants(cause)

    def _descendants(self, signal_id: str) -> frozenset[str]:
        found: set[str] = set()
        waiting = [signal_id]
        while waiting:
            for effect in self._links.get(waiting.pop(), {}):
                if effect not in found:
                    found.add(effect)
                    waiting.append(effect)
        return frozenset(found - {signal_id})

    def _reach(self, signal_id: str) -> int:
        """How long before NotReady a signal may matter, in ns: one hour to one day.

        What is declared of the way there: of a direct link, else of the quickest path.
        """
        declared = self._links.get(signal_id, {})
        direct = [length_ns(declared[end].within) for end in ENDS if end in declared]
        if direct:
            return min(max((*direct, HOUR)), DAY)
        waiting = [(0, signal_id)]
        settled: set[str] = set()
        while waiting:
            spent, at = heapq.heappop(waiting)
            if at in ENDS:
                return min(max(spent, HOUR), DAY)
            if at in settled:
                continue
            settled.add(at)
            for effect, link in self._links.get(at, {}).items():
                heapq.heappush(waiting, (spent + length_ns(link.within), effect))
        return HOUR

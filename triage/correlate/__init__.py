"""From evidence to a verdict. `story.correlate` is the flow; its modules, in that order:

episodes: readiness, repairs, resolve, orders, planned, pools, homes, episodes, badly;
alerts: align, budget;
association: coverage, windows, seen, voices, exact, associate, trend;
explanation: graph, traces, explain, chain;
suspect: attribute, capped, complaints, sizes, holders, colocate;
verdict: causes, facts, calm, gates, judge, doubt, words, figures, actions, commands, save;
report: report, lines, timeline, recurrence, changes; and focus, for one node or repair alone.
"""

from triage.correlate.focus import Focus
from triage.correlate.story import correlate

__all__ = ["Focus", "correlate"]

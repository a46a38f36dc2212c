"""One signal as a page of plain text: what `triage signals show` prints."""

import textwrap
from collections.abc import Iterator

from triage.model.signal import Pack, Signal
from triage.signals.graph import Graph
from triage.units import format_duration

_WIDTH = 100


def page(pack: Pack, signal_id: str) -> str:
    """Meaning, wordings with their filters, place among causes, remedy and sources. Raises KeyError."""
    signal = pack.signal(signal_id)
    parts = [_head(signal), *_wordings(signal), *_graph(Graph(pack), signal), *_remedy(signal)]
    if signal.falsepositives:
        parts.append("Mistaken for it\n" + _listed(signal.falsepositives))
    if signal.references:
        parts.append("Sources\n" + "\n".join(f"  {reference.what}: {reference.url}" for reference in signal.references))
    parts.append(f"Declared in {pack.origins[signal.id]}")
    return "\n\n".join(parts) + "\n"


def _head(signal: Signal) -> str:
    planned = ", planned work" if signal.planned else ""
    told = f"{signal.id}: {signal.title}\n{signal.role}{planned}, severity {signal.severity}, {signal.status}"
    return f"{told}\n\n{textwrap.fill(' '.join(signal.description.split()), _WIDTH)}"


def _wordings(signal: Signal) -> Iterator[str]:
    if signal.detect:
        yield "Recognised by"
    for alternative in signal.detect:
        variant = f", variant {alternative.variant}" if alternative.variant else ""
        hint = "" if alternative.mechanism else ", a hint only"
        head = f"  {alternative.name} (in {', '.join(alternative.stream)}{variant}{hint})"
        yield f"{head}\n{textwrap.indent(alternative.filter.strip(), '    ')}"
    for rule in signal.metrics:
        bound = f"{rule.at:g} × {rule.limit}" if rule.limit else f"{rule.at:g}"
        yield f"  {rule.name} (metric): {rule.metric} {'≤' if rule.below else '≥'} {bound}"
    if signal.clears:
        yield f"  over when\n{textwrap.indent(signal.clears, '    ')}"
    for moment in signal.unless:
        within = format_duration(moment.within.total_seconds())
        yield f"  harmless within {within} of {moment.signal}: {moment.because}"


def _graph(graph: Graph, signal: Signal) -> Iterator[str]:
    causes = graph.causes[signal.id]
    if causes:
        yield "Brought on by\n" + _listed(causes)
    if signal.leads_to:
        links = [f"{k.id} within {format_duration(k.within.total_seconds())}: {k.because}" for k in signal.leads_to]
        yield "Leads to\n" + _listed(links)


def _remedy(signal: Signal) -> Iterator[str]:
    steps = [f"{step.say}" + (f"\n    $ {step.run}" if step.run else "") for step in signal.remedy.now]
    if steps:
        yield "Now\n" + "\n".join(f"  {step}" for step in steps)
    if signal.remedy.prevent:
        yield "To keep it from coming back\n" + _listed(signal.remedy.prevent)


def _listed(items: tuple[str, ...] | list[str]) -> str:
    return "\n".join(textwrap.fill(item, _WIDTH, initial_indent="  - ", subsequent_indent="    ") for item in items)

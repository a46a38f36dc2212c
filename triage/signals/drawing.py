"""The causal graph as text and as SVG, drawn without any other program."""

from collections.abc import Mapping, Sequence
from html import escape

from triage.model.signal import Role
from triage.signals.graph import Graph, one_way, order
from triage.units import format_duration

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 190, 26, 90, 12, 16
_LEGEND = 44
_STYLE = """\
text{font:12px system-ui,sans-serif;fill:#1d2433}
rect{stroke-width:1.5;fill:#fff;rx:5px}
path{fill:none;stroke:#8a94a6;stroke-opacity:.55;stroke-width:1.2}
.cause rect{stroke:#b3261e;fill:#fdeceb}.symptom rect{stroke:#a15c00;fill:#fff4e0}
.consequence rect{stroke:#1f5fa8;fill:#e9f1fb}.context rect{stroke:#5c6675;fill:#f1f3f6}
.planned rect{stroke-dasharray:4 3}
@media(prefers-color-scheme:dark){svg{background:#14181f}text{fill:#e8ebf0}rect{fill:#14181f!important}}"""


def as_text(graph: Graph) -> str:
    """One paragraph a signal, causes before effects: what it leads to, how soon, and why."""
    by_id = {signal.id: signal for signal in graph.pack.signals}
    lines: list[str] = []
    for name in sorted(by_id, key=lambda name: (graph.ranks[name], name)):
        signal = by_id[name]
        planned = ", planned" if signal.planned else ""
        lines.append(f"{name} ({signal.role}{planned})")
        links = [(link, format_duration(link.within.total_seconds())) for link in signal.leads_to]
        lines += [f"  → {link.id} within {within}: {link.because}" for link, within in links]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def as_svg(graph: Graph) -> str:
    """A standalone picture: furthest causes on the left, last consequences on the right.

    Every box and line has a title that says what it is; nothing in it needs scripts or a network.
    """
    places = _places(graph)
    width = max((x for x, _ in places.values()), default=0) + _WIDTH + _MARGIN
    height = max((y for _, y in places.values()), default=0) + _HEIGHT + _MARGIN
    title = f"What brings on what: {len(places)} signals"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="graph-title">',
        f'<title id="graph-title">{escape(title)}</title>',
        f"<style>{_STYLE}</style>",
        *_legend(),
        *_edges(graph, places),
        *_boxes(graph, places),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _places(graph: Graph) -> Mapping[str, tuple[int, int]]:
    """Where each box stands: a column a rank, in each column near what it is joined to."""
    columns = _columns(graph)
    tallest = max((len(column) for column in columns), default=0)
    places: dict[str, tuple[int, int]] = {}
    for number, column in enumerate(columns):
        top = _LEGEND + (tallest - len(column)) * (_HEIGHT + _GAP_Y) // 2
        for row, name in enumerate(column):
            places[name] = (_MARGIN + number * (_WIDTH + _GAP_X), top + row * (_HEIGHT + _GAP_Y))
    return places


def _columns(graph: Graph) -> list[list[str]]:
    """The signals by rank; a few sweeps put each beside the middle of its neighbours, so that fewer lines cross."""
    columns: list[list[str]] = [[] for _ in range(max(graph.ranks.values(), default=-1) + 1)]
    for name in order(one_way({name: [link.id for link in links] for name, links in graph.effects.items()})):
        columns[graph.ranks[name]].append(name)
    beside = {name: [link.id for link in graph.effects[name]] + list(graph.causes[name]) for name in graph.effects}
    for _ in range(8):
        for column in columns:
            height = {name: row / max(len(other), 1) for other in columns for row, name in enumerate(other)}
            column.sort(key=lambda name, height=height: (_middle(beside[name], height), name))  # type: ignore[misc]
    return columns


def _middle(names: Sequence[str], height: Mapping[str, float]) -> float:
    return sum(height[name] for name in names) / len(names) if names else 1.0


def _legend() -> list[str]:
    parts = []
    for number, role in enumerate(Role):
        x = _MARGIN + number * 120
        parts.append(f'<g class="{role}"><rect x="{x}" y="10" width="14" height="14"/>')
        parts.append(f'<text x="{x + 20}" y="21">{role}</text></g>')
    x = _MARGIN + len(Role) * 120
    parts.append(f'<g class="cause planned"><rect x="{x}" y="10" width="14" height="14"/>')
    parts.append(f'<text x="{x + 20}" y="21">planned work</text></g>')
    return parts


def _edges(graph: Graph, places: Mapping[str, tuple[int, int]]) -> list[str]:
    parts = []
    for name, links in graph.effects.items():
        for link in links:
            (x1, y1), (x2, y2) = places[name], places[link.id]
            x1, y1, y2 = x1 + _WIDTH, y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
            bend = (x2 - x1) // 2
            within = format_duration(link.within.total_seconds())
            title = escape(f"{name} → {link.id} within {within}: {link.because}")
            path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
            parts.append(f'<path d="{path}"><title>{title}</title></path>')
    return parts


def _boxes(graph: Graph, places: Mapping[str, tuple[int, int]]) -> list[str]:
    parts = []
    for signal in graph.pack.signals:
        x, y = places[signal.id]
        kind = f"{signal.role} planned" if signal.planned else str(signal.role)
        parts.append(
            f'<g class="{kind}"><title>{escape(signal.title)}</title>'
            f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}"/>'
            f'<text x="{x + 10}" y="{y + 17}">{escape(signal.id)}</text></g>'
        )
    return parts

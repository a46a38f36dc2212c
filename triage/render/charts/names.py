"""Names of rows: short enough to fit, long enough to tell apart."""

from collections.abc import Sequence
from itertools import takewhile

from triage.render import words
from triage.render.charts.shapes import Form


def shortened(name: str, letters: int) -> str:
    """A name that fits: the middle goes, since nodes of a pool differ at the end."""
    if len(name) <= letters:
        return name
    tail = letters * 2 // 3
    return f"{name[: letters - tail - 1]}…{name[-tail:]}"


def shared_start(names: Sequence[str]) -> str:
    """What these names begin with in common, up to a dash; empty where too little would remain to tell them apart."""
    if len(names) < 2:
        return ""
    shared = takewhile(lambda same: len(set(same)) == 1, zip(*(name.split("-") for name in names), strict=False))
    parts = [same[0] for same in shared]
    while parts and any(len(name) - len("-".join(parts)) < 12 for name in names):
        parts.pop()
    return "-".join(parts) + "-" if parts else ""


def short_names(nodes: Sequence[str], cluster: str) -> dict[str, str]:
    """Nodes without the beginning that all of them share, which for a lone node is its cluster's name."""
    named = sorted({node for node in nodes if words.node_name(node) == node})
    start = shared_start(named)
    lone = f"gke-{cluster}-"
    if not start and all(node.startswith(lone) for node in named):
        start = lone
    return {node: "…" + node[len(start) :] if start and node in named else words.node_name(node) for node in nodes}


def name_y(y: float, form: Form, height: float) -> float:
    """The base line of a row's name: above its rail, or beside the middle of it."""
    return y + 11 if form.above else round(y + height / 2 + 4, 1)

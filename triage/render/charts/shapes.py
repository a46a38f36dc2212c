"""What a timeline is made of: plain numbers and strings, ready for a template."""

from dataclasses import dataclass
from typing import Literal

from triage.render.charts.scale import Tick


@dataclass(frozen=True)
class Form:
    """A geometry: a wide page, or a phone with the names above their rails."""

    width: float
    left: float
    right: float
    name_x: float
    above: float
    """Height that a name above its rail takes; zero for names beside it."""
    ticks: int
    letters: int
    """How many letters of a name have room."""


WIDE = Form(width=1120, left=233, right=1108, name_x=221, above=0, ticks=12, letters=30)
NARROW = Form(width=358, left=6, right=352, name_x=6, above=15, ticks=5, letters=46)


@dataclass(frozen=True)
class Shape:
    """A mark with an element of its own: it has a label and leads to its row."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    label: str
    href: str
    start: int
    """When it starts and ends, in milliseconds after the start of the picture: for the script that zooms."""
    end: int
    least: float
    """It is never drawn narrower than this."""


@dataclass(frozen=True)
class Ticks:
    """All quiet marks of one role in one row: horizontal strokes that stand on `bottom`, (width, path data) each."""

    role: str
    bottom: float
    height: float
    strokes: tuple[tuple[float, str], ...]
    key: str
    """What they are called: the same in each picture of the page."""
    packed: str
    """Their times (`triage.render.charts.packed`), in the one picture of a page that carries them."""


@dataclass(frozen=True)
class Row:
    """A named row of the picture: a service's alerts, the changes, a node, or the healthy nodes together."""

    kind: Literal["alerts", "changes", "node", "healthy"]
    name: str
    full_name: str
    y: float
    height: float
    name_y: float
    shapes: tuple[Shape, ...]
    ticks: tuple[Ticks, ...]


@dataclass(frozen=True)
class Curve:
    """One node's line in a metric's panel."""

    number: int
    name: str
    data: str


@dataclass(frozen=True)
class Panel:
    """A metric over time, with its limit."""

    title: str
    aside: str
    """What the title says after a comma, on a line of its own where names stand beside their rails."""
    y: float
    height: float
    name_y: float
    top_label: str
    note: str
    """How many nodes are drawn, where not all are."""
    limit_y: float | None
    limit_label: str
    limit_left: bool
    """Whether the label stands at the left end of the limit's line, where no curve runs."""
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Band:
    """A group of episodes, as a faint column over the whole picture, so that what coincides lines up."""

    x: float
    width: float
    planned: bool
    start: int
    """In milliseconds after the start of the picture, as is `end`."""
    end: int
    least: float


@dataclass(frozen=True)
class Chart:
    """Everything a template needs to draw one timeline. `prefix` keeps ids of several pictures apart."""

    prefix: str
    title: str
    description: str
    form: Form
    height: float
    top: float
    bottom: float
    foot: float | None
    """Where the labels of the axis stand once more, below a picture that is taller than a screen."""
    ticks: tuple[Tick, ...]
    bands: tuple[Band, ...]
    alerts: tuple[Row, ...]
    changes: tuple[Row, ...]
    """One row, or none."""
    panels: tuple[Panel, ...]
    lanes: tuple[Row, ...]
    start: int
    end: int
    """The span in epoch milliseconds."""
    step: int
    """How exact the packed times are, in milliseconds."""

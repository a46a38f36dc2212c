"""The rows of alerts: one a service, those that have fewest together."""

from collections import Counter
from collections.abc import Sequence

from triage.model.incident import Alert
from triage.render import words
from triage.render.charts.marks import Grid, Strip, shape, ticks
from triage.render.charts.names import name_y, shortened
from triage.render.charts.scale import ms_of
from triage.render.charts.shapes import Row, Shape

_MOST_SERVICES = 8
_MOST_MARKS = 150
"""In a row; the alerts of one that holds more are all drawn as ticks, lest the first look like a burst."""
_HEIGHT = 18.0


def alert_rows(alerts: Sequence[Alert], grid: Grid, y: float) -> tuple[list[Row], float]:
    """One row for each of the services with the most alerts in the span, the others together; and where they end."""
    seen = [(index, alert) for index, alert in enumerate(alerts) if grid.scale.holds(ms_of(alert.opened))]
    names = Counter(alert.service or alert.policy or "unnamed" for _, alert in seen)
    leading = [name for name, _ in sorted(names.items(), key=lambda item: (-item[1], item[0]))]
    apart = leading if len(leading) <= _MOST_SERVICES else leading[: _MOST_SERVICES - 1]
    groups = {name: name for name in apart}
    others = f"{len(leading) - len(apart)} more services"
    rows = []
    for title in [*apart, *([others] if len(leading) > len(apart) else [])]:
        own = [(i, a) for i, a in seen if groups.get(a.service or a.policy or "unnamed", others) == title]
        rows.append(_row(title, own, grid, y))
        y += _HEIGHT + grid.form.above + 2
    return rows, y + (6 if rows else 0)


def _row(title: str, own: Sequence[tuple[int, Alert]], grid: Grid, y: float) -> Row:
    top = y + grid.form.above
    few = len(own) <= _MOST_MARKS
    shapes = [_mark(index, alert, grid, top) for index, alert in own] if few else []
    times = [] if few else [ms_of(alert.opened) for _, alert in own]
    name = f"{shortened(title, grid.form.letters - 6)} · {len(own):,}"
    return Row(
        "alerts", name, title, top, _HEIGHT, name_y(y, grid.form, _HEIGHT),
        tuple(shapes), tuple(ticks("alert", times, Strip(top + 4, 10), grid)),
    )  # fmt: skip


def _mark(index: int, alert: Alert, grid: Grid, top: float) -> Shape:
    kind = "slow" if alert.slow_burn else "tied" if alert.episode is not None else "untied"
    label = f"Alert {alert.policy or alert.service or alert.id}, opened {words.day_and_clock(alert.opened)} UTC"
    tie = {"tied": f", in episode {(alert.episode or 0) + 1}", "untied": ", in no episode", "slow": ", slow burn"}[kind]
    lasted = (ms_of(alert.opened), ms_of(alert.closed) if alert.closed else grid.scale.end)
    return shape(f"alert {kind}", lasted, Strip(top + 3, 10), grid, label=label + tie, href=f"#alert-{index + 1}")

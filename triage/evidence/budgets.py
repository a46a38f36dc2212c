"""Series that tell how an error budget burns, under one name whoever computed them.

Told are Cloud Monitoring's selectors, whose metric type is the selector as it was asked for, and the recording rules
of the common generators: Sloth (`slo:current_burn_rate:ratio`, `slo:period_error_budget_remaining:ratio`,
`slo:sli_error:ratio_rate5m`) and the `…:burnrate5m` of Pyrra and the Kubernetes mixin. The last two kinds are error
ratios; of one objective they are its burn rate but for a constant, which no share of it depends on.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from triage.evidence.alert_labels import service_of
from triage.evidence.fields import first_text
from triage.evidence.lookback import lookback_of, window_label

FRACTION, RATE = "slo_budget_fraction", "slo_burn_rate"

_SELECTOR = re.compile(
    r"""select_slo_(?P<what>budget_fraction|burn_rate)\(\s*["']?(?:[^"'()]*/)?services/(?P<service>[^/"'(),]+)"""
    r"""/serviceLevelObjectives/(?P<objective>[^/"'(),\s]+)""",
    re.IGNORECASE,
)
_SLOTH: dict[str, tuple[str, float | None]] = {
    "slo:period_error_budget_remaining:ratio": (FRACTION, 0.0),
    "slo:current_burn_rate:ratio": (RATE, 300.0),
}
_RATIO = re.compile(r"(?:slo:sli_error:ratio_rate|[\w:]{1,100}:burnrate)(\d{1,4}[smhdw])")
_SERVICES = ("sloth_service", "slo_service")
_OBJECTIVES = ("sloth_slo", "slo_name", "slo", "objective")
_NAME = re.compile(rf"({FRACTION}|{RATE}):(\d+):([^/]*)/(.*)", re.DOTALL)
_LONGEST = 120


class Burning(NamedTuple):
    """What one such series tells: of which service and objective, how, and over which trailing look-back (seconds)."""

    kind: str
    """`FRACTION` (what is left of the budget, 1 where it is untouched) or `RATE`."""
    lookback_s: float
    service: str
    objective: str

    @property
    def name(self) -> str:
        """The metric's name in the metrics table."""
        return f"{self.kind}:{self.lookback_s:.0f}:{_plain(self.service)}/{_plain(self.objective)}"


def burning(name: str, labels: Mapping[str, Any]) -> Burning | None:
    """What a series says of an error budget; None where it says nothing of one.

    `name` is the metric's type in Cloud Monitoring or its Prometheus name, `labels` are its own.
    """
    selected = _SELECTOR.match(name)
    if selected:
        kind = FRACTION if selected["what"].lower() == "budget_fraction" else RATE
        lookback = 0.0 if kind == FRACTION else lookback_of([name])
        return None if lookback is None else Burning(kind, lookback, selected["service"], selected["objective"])
    ratio = _RATIO.fullmatch(name)
    kind, lookback = _SLOTH.get(name, (RATE, lookback_of([window_label(ratio[1])]) if ratio else None))
    service = first_text(labels, *_SERVICES) or service_of(labels) or first_text(labels, "slo")
    if lookback is None or service is None:
        return None
    return Burning(kind, lookback, service, first_text(labels, *_OBJECTIVES) or "")


def told_by(metric: str) -> Burning | None:
    """The same, read from a name in the metrics table."""
    found = _NAME.fullmatch(metric)
    return Burning(found[1], float(found[2]), found[3], found[4]) if found else None


def _plain(text: str) -> str:
    """One part of a name: bounded, printable, and without the stroke that parts the two."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_LONGEST]).replace("/", "-")

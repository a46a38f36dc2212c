"""Incidents whose every text is hostile."""

from tests.render.fields import literal_fields
from tests.render.incidents import at, pid_leak
from triage.model.incident import Incident
from triage.model.signal import Reference
from triage.render.sweep import Mark, rewrite

LITERALS = literal_fields()
LINKS = {"url", "console_url", "query_url"}


class Poison:
    """Puts payloads into every string of an incident: the same one, or one after the other from an offset on."""

    def __init__(self, *texts: str, start: int = 0) -> None:
        self.texts, self.next = texts, start

    def text(self, field: str, text: str) -> str:
        if field in LITERALS:
            return text
        self.next += 1
        return self.texts[self.next % len(self.texts)]

    def mark(self, message: str, mark: Mark) -> Mark | None:
        return mark


class Marked(Poison):
    """Puts one payload into every string, each behind a mark of its own, so that what joins still joins.

    Links get it bare, and behind an address that is a good one.
    """

    def __init__(self, payload: str) -> None:
        super().__init__(payload)
        self.marks: dict[str, str] = {}

    def text(self, field: str, text: str) -> str:
        if field in LITERALS:
            return text
        if field in LINKS:
            self.next += 1
            return "https://logs.example/" * (self.next % 3 > 0) + self.texts[0]
        return self.marks.setdefault(text, f"f{len(self.marks)}f·") + self.texts[0]


def poisoned(*texts: str, start: int = 0) -> Incident:
    """A specimen that holds these payloads, one after the other."""
    return rewrite(specimen(), Poison(*texts, start=start))


def specimen() -> Incident:
    """Every section and every field of the model, few rows."""
    whole = pid_leak((2.1, 5.4), still_open=True)
    cause, series = whole.causes[0], whole.timeline.series
    lines = tuple(line.model_copy(update={"workload": "default/neighbour"}) for line in whole.episodes[0].evidence)
    episode = whole.episodes[0].model_copy(
        update={"planned": "node-upgrade-drain", "notes": ("Its audit entry is missing.",), "evidence": lines}
    )
    references = tuple(
        Reference(**{"url": f"https://kernel.example/{number}", "for": f"Wording {number}"}) for number in range(3)
    )
    return whole.model_copy(
        update={
            "alerts": (
                whole.alerts[0].model_copy(update={"url": "https://console.cloud.google.com/monitoring/alerting"}),
                *whole.alerts[1:3],
                whole.alerts[3].model_copy(update={"policy": None, "opened": at(3)}),
            ),
            "causes": (
                cause.model_copy(update={"trends": cause.trends[:1]}),
                cause.model_copy(update={"signal": "disk-pressure", "rank": 2, "title": "Disk pressure", "trends": ()}),
            ),
            "signals": tuple(info.model_copy(update={"references": references}) for info in whole.signals),
            "episodes": (episode, *whole.episodes[1:]),
            "timeline": whole.timeline.model_copy(
                update={"series": (series[0].model_copy(update={"unit": "ids"}), *series[1:])}
            ),
        }
    )

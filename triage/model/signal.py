"""A signal: a named failure signature, as one file in `queries/` declares it.

The files together are the pack. `triage.signals.pack` reads and checks them; everything else sees these types.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from triage.errors import InputError
from triage.model.base import Model
from triage.model.filter import Filter
from triage.units import parse_duration

PLACEHOLDERS = frozenset({
    "node", "node_pool", "zone", "project", "cluster", "location", "instance_id", "namespace", "pod", "container",
    "workload", "kind", "count", "duration",
})  # fmt: skip
"""What summaries and commands may have filled in, beside the names that the signal itself extracts. In commands
`{workload}` is written as kubectl takes it: `deployment/cart`."""
SIGNAL_ID = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _as_length(value: Any) -> Any:
    try:
        return parse_duration(value) if isinstance(value, str) else value
    except InputError as error:
        raise ValueError(str(error)) from None  # the only kind that pydantic gathers with the other faults


Length = Annotated[timedelta, BeforeValidator(_as_length)]
"""Written `15m` or `24h` in a signal file."""
Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""One name, or a list of names."""


class Role(StrEnum):
    """How a signal stands to a node's death; the causal links decide where the two disagree."""

    CAUSE = "cause"
    SYMPTOM = "symptom"
    CONSEQUENCE = "consequence"
    CONTEXT = "context"


class Severity(StrEnum):
    """How bad it is for the node where it happens."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Status(StrEnum):
    """How far a signature is proven."""

    EXPERIMENTAL = "experimental"
    TEST = "test"
    STABLE = "stable"
    DEPRECATED = "deprecated"


class Link(Model):
    """An edge of the causal graph: this signal brings on `id`, usually within `within`."""

    id: str = Field(pattern=SIGNAL_ID)
    within: Length
    because: str = Field(min_length=1)
    """Half a sentence for the report: why the one brings on the other."""


class Alternative(Model):
    """One wording of the signal, in one kind of log.

    `filter` is in the Logging query language and valid as it stands in Logs Explorer. A restriction on the first
    text field of one of its streams (`jsonPayload.MESSAGE`, say) stands for all text fields that `streams.yaml` lists
    for the stream at hand. Streams that carry this one (`Stream.carries`) are searched as well.
    """

    name: str = Field(pattern=SIGNAL_ID)
    stream: Names = Field(min_length=1)
    filter: str = Field(min_length=1)
    variant: str | None = Field(default=None, pattern=SIGNAL_ID)
    """The finer failure mode that this wording proves, such as `pod-limit`."""
    extract: tuple[str, ...] = ()
    """RE2 patterns with named groups, tried in turn on the entry's message; all that match contribute."""
    mechanism: bool = True
    """Whether the wording itself names what is exhausted or broken; a hint (`timed out`) does not."""


class MetricRule(Model):
    """A metric that shows the signal by itself: `metric` at or over `at` × `limit` (or `at` alone)."""

    name: str = Field(pattern=SIGNAL_ID)
    metric: str
    """A metric's name in the metrics table, such as `pid_used`."""
    limit: str | None = None
    """The metric that holds the limit, such as `pid_limit`."""
    at: float
    below: bool = False
    """The signal is there when the value falls to `at` or lower, instead of rising to it."""
    variant: str | None = Field(default=None, pattern=SIGNAL_ID)


class Unless(Model):
    """A known harmless moment: not counted within `within` of `signal` on the same node."""

    signal: str = Field(pattern=SIGNAL_ID)
    within: Length
    because: str


class Step(Model):
    """Something to do: words, and where there is one a command with `{node}`, `{zone}`, `{project}`, … to fill in."""

    say: str
    run: str | None = None
    changes: bool = False
    """Whether the command changes anything; without it, it only reads."""
    ssh: bool = False
    """Whether it needs a login on the node, which Autopilot does not allow."""


class Remedy(Model):
    """What to do now, and what keeps it from coming back."""

    now: tuple[Step, ...] = ()
    prevent: tuple[str, ...] = ()


class Reference(Model):
    """Where the facts of a signal file come from."""

    url: str
    what: str = Field(alias="for")


class Match(Model):
    """An example that must match: the text (or payload fields) of one entry, built for the alternative's stream."""

    via: str
    """The alternative that must see it."""
    stream: str | None = None
    """Which of the alternative's streams; the first one unless said."""
    origin: str = Field(alias="from")
    """Program and version that word it so."""
    text: str | None = None
    fields: Mapping[str, Any] | None = None
    """Instead of `text`: fields to set, by dotted path from the entry's root, such as `jsonPayload.reason`."""
    extracts: Mapping[str, str] = {}


class Ignore(Model):
    """An example that must not match."""

    stream: str
    why: str
    text: str | None = None
    fields: Mapping[str, Any] | None = None


class Examples(Model):
    """The proof of a signal, beside the signal."""

    match: tuple[Match, ...] = ()
    ignore: tuple[Ignore, ...] = ()


class Signal(Model):
    """One file of the pack."""

    id: str = Field(pattern=SIGNAL_ID)
    title: str = Field(min_length=3, max_length=60)
    status: Status
    role: Role
    planned: bool = False
    """Planned work (an upgrade, a scale-down, a preemption): explains a node's end without a fault."""
    severity: Severity
    description: str
    leads_to: tuple[Link, ...] = ()
    detect: tuple[Alternative, ...] = ()
    metrics: tuple[MetricRule, ...] = ()
    unless: tuple[Unless, ...] = ()
    clears: str | None = None
    """A filter for the way back to healthy, where there is one."""
    because: str | None = Field(default=None, min_length=3, max_length=80)
    """What broke, as the end of the sentence “two nodes went down because …”; causes have it."""
    summary: str
    """One line with `{node}`, `{count}`, `{duration}` and extracted names."""
    falsepositives: tuple[str, ...] = ()
    remedy: Remedy = Remedy()
    references: tuple[Reference, ...] = ()
    examples: Examples = Examples()


class Stream(Model):
    """A kind of log: how to tell its entries, where they hold their text, and how an example of one is built."""

    id: str = Field(pattern=SIGNAL_ID)
    title: str
    where: str
    """A filter in the Logging query language. An entry belongs to the first stream whose filter it matches."""
    text: tuple[str, ...] = Field(min_length=1)
    """Paths of the fields that may hold the text; the first is the one that signal files write."""
    carries: tuple[str, ...] = ()
    """Streams whose lines turn up here, too (a serial console shows the kernel's): their wordings are tried here."""
    example: Mapping[str, Any] = {}
    """An entry of this stream by dotted paths; examples' text is put into the first of `text`."""


class Keep(Model):
    """Entries that are kept though no signal wants them: they say who ran where, and who changed what."""

    id: str = Field(pattern=SIGNAL_ID)
    why: str
    filter: str


@dataclass(frozen=True)
class Pack:
    """All signals with their streams, checked: ids are unique, links resolve, filters parse."""

    signals: tuple[Signal, ...]
    streams: tuple[Stream, ...]
    keep: tuple[Keep, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    """Signal id → the file that declared it."""
    wanted: Mapping[str, Filter] = field(default_factory=dict)
    """`SIGNAL/ALTERNATIVE` or `keep/ID` → the whole filter: the stream's and the wording's, text fields widened."""

    def signal(self, signal_id: str) -> Signal:
        """The signal of that id. Raises KeyError where the pack has none."""
        for signal in self.signals:
            if signal.id == signal_id:
                return signal
        raise KeyError(signal_id)

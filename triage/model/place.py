"""Which cluster and which time are looked at, and what of them could not be seen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from pydantic import model_validator

from triage.model.base import Model, Moment


class Gap(Model):
    """Evidence that could not be had. Every renderer shows it; `--strict` makes it exit status 3."""

    source: str
    """Which evidence: `entries`, `operations`, `cluster`, `alerts`, `metrics`, `workloads`, or a finer name."""
    reason: str
    remedy: str = ""
    """One command, file or permission that would close the gap."""


class Cluster(Model):
    """The cluster that the incident is about, as far as the evidence tells."""

    name: str
    project: str | None = None
    location: str | None = None
    version: str | None = None
    """The control plane's Kubernetes version."""
    autopilot: bool | None = None
    private_nodes: bool | None = None


class Window(Model):
    """A span of time; both ends are inside."""

    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.end < self.start:
            raise ValueError("the window ends before it starts")
        return self


@dataclass(frozen=True)
class Ask:
    """What the caller wants to know: which cluster, which time."""

    cluster: str | None = None
    """The cluster's name; None stands for the only one that the evidence knows."""
    project: str | None = None
    location: str | None = None
    since: timedelta | datetime = timedelta(hours=24)
    """The start, or how far before the end the window starts."""
    until: datetime | None = None
    """The end; None is now for the live APIs and the end of the evidence for files."""
    usual_location: str | None = None
    """gcloud's own setting, a habit and no statement: it only settles which of several clusters of a name is meant."""

    def window(self, end: datetime) -> Window:
        """The window that ends at `until`, or else at `end`. Raises ValueError where it would run backwards."""
        end = self.until or end
        return Window(start=self.since if isinstance(self.since, datetime) else end - self.since, end=end)

"""Filters that find their entries without looking at every line twice."""

from collections.abc import Iterator

from triage.lql.prefilter import necessary
from triage.signals.drafts import SignalFile
from triage.signals.faults import Fault
from triage.signals.lint.rule import FileRule

_BUSY = frozenset(
    {"kubelet", "container-runtime", "kernel", "node-problem-detector", "serial-console", "container", "other"}
)
"""Streams that hold most of a cluster's lines."""
_SHORTEST = 5
_EVERYDAY = frozenset({
    "cgroup", "client", "cluster", "container", "containerd", "created", "deleted", "docker", "error", "errors",
    "event", "events", "exited", "failed", "failed to", "failure", "kernel", "killed", "kubelet", "level=error",
    "message", "request", "response", "restart", "retry", "running", "runtime", "server", "service", "started",
    "starting", "status", "stopped", "system", "timed out", "timeout", "update", "warning",
})  # fmt: skip


class FiltersAreNarrow(FileRule):
    """A reader keeps each line that holds a filter's surest words: everyday words keep nearly all of them."""

    def check(self, file: SignalFile) -> Iterator[Fault]:
        """In busy streams each wording cannot match without a word that is rare in healthy lines."""
        for index, alternative in enumerate(file.signal.detect):
            written = file.filters.get(("detect", index, "filter"))
            if written is None or not _BUSY.intersection(alternative.stream):
                continue
            literals = necessary(written).literals
            trail = ("detect", index, "filter")
            if literals is None:
                yield file.fault(trail, "names no text that must occur, so that every line is looked at: add some")
                continue
            weak = sorted(text for text in literals if len(text.strip()) < _SHORTEST or text.strip() in _EVERYDAY)
            if weak:
                words = ", ".join(f"`{text}`" for text in weak)
                yield file.fault(trail, f"may match by {words} alone, as healthy lines do: ask for rarer text, too")

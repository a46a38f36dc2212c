"""What one file says of others: signals that exist, streams that exist, no causes in circles."""

from collections.abc import Iterable, Iterator

from triage.signals.drafts import Draft, SignalFile
from triage.signals.faults import Fault, Trail, did_you_mean
from triage.signals.graph import cycles, one_way
from triage.signals.lint.rule import Rule


class LinksResolve(Rule):
    """`leads_to` and `unless` name signals of the pack."""

    def faults(self, draft: Draft) -> Iterator[Fault]:
        """Each name is another signal's id, and stands once."""
        known = [file.signal.id for file in draft.files]
        for file in draft.files:
            yield from self._of_file(file, known)

    @staticmethod
    def _of_file(file: SignalFile, known: list[str]) -> Iterator[Fault]:
        links: list[tuple[Trail, str]] = [
            *((("leads_to", index, "id"), link.id) for index, link in enumerate(file.signal.leads_to)),
            *((("unless", index, "signal"), moment.signal) for index, moment in enumerate(file.signal.unless)),
        ]
        for trail, name in links:
            if name not in known:
                yield file.fault(trail, f"there is no signal `{name}`{did_you_mean(name, known)}")
        effects = [link.id for link in file.signal.leads_to]
        for index, name in enumerate(effects):
            if name in effects[:index]:
                yield file.fault(("leads_to", index, "id"), f"`{name}` stands here twice")


class CausesRunOneWay(Rule):
    """A circle of causes has no most upstream signal; of two that bring on each other, the first seen is."""

    def faults(self, draft: Draft) -> Iterator[Fault]:
        """No signal brings on itself, by whatever way round, but for the way there and back between two."""
        edges = {file.signal.id: [link.id for link in file.signal.leads_to] for file in draft.files}
        by_id = {file.signal.id: file for file in draft.files}
        for circle in cycles(one_way(edges)):
            file = by_id[circle[0]]
            index = edges[circle[0]].index(circle[1])
            yield file.fault(("leads_to", index, "id"), f"causes in a circle: {' → '.join(circle)}")


class StreamsExist(Rule):
    """Alternatives and examples name streams of `streams.yaml`."""

    def faults(self, draft: Draft) -> Iterator[Fault]:
        """Each name is a stream's id, also where a stream says which others it carries."""
        known = [stream.id for stream in draft.streams]
        for index, stream in enumerate(draft.streams):
            for name in stream.carries:
                if name not in known and draft.streams_document is not None:
                    what = f"there is no stream `{name}`{did_you_mean(name, known)}"
                    yield draft.streams_document.fault(("streams", index, "carries"), what)
        for file in draft.files:
            yield from self._of_file(file, known)

    @staticmethod
    def _of_file(file: SignalFile, known: list[str]) -> Iterator[Fault]:
        signal = file.signal
        for index, alternative in enumerate(signal.detect):
            yield from _unknown(file, known, ("detect", index, "stream"), alternative.stream)
        for index, match in enumerate(signal.examples.match):
            yield from _unknown(file, known, ("examples", "match", index, "stream"), [match.stream or ""])
        for index, ignore in enumerate(signal.examples.ignore):
            yield from _unknown(file, known, ("examples", "ignore", index, "stream"), [ignore.stream])


def _unknown(file: SignalFile, known: list[str], trail: Trail, names: Iterable[str]) -> Iterator[Fault]:
    for name in names:
        if name and name not in known:
            yield file.fault(trail, f"there is no stream `{name}`{did_you_mean(name, known)}")

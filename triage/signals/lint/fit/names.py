"""Names: of files, signals, and alternatives."""

from collections.abc import Iterator

from triage.signals.drafts import Draft, SignalFile
from triage.signals.faults import Fault, shown
from triage.signals.lint.rule import FileRule, Rule
from triage.signals.streams import CLEARS


class IdIsTheFileName(FileRule):
    """A reader who knows the id knows the file."""

    def check(self, file: SignalFile) -> Iterator[Fault]:
        """The file `x.yaml` declares the signal `x`."""
        if file.signal.id != file.document.path.stem:
            yield file.fault(("id",), f"`{file.signal.id}` stands in {file.document.path.name}: id and name must agree")


class IdsAreUnique(Rule):
    """Two files that declare one id would each hide the other."""

    def faults(self, draft: Draft) -> Iterator[Fault]:
        """Signals across all directories, streams, and what is kept."""
        first: dict[str, SignalFile] = {}
        for file in draft.files:
            earlier = first.setdefault(file.signal.id, file)
            if earlier is not file:
                where = shown(earlier.document.path)
                yield file.fault(("id",), f"`{file.signal.id}` is declared in {where} already; give yours another id")
        for group, ids in (("streams", [s.id for s in draft.streams]), ("keep", [k.id for k in draft.keep])):
            for index, name in enumerate(ids):
                if name in ids[:index] and draft.streams_document is not None:
                    yield draft.streams_document.fault((group, index, "id"), f"`{name}` stands here twice")


class AlternativesHaveNamesOfTheirOwn(FileRule):
    """An occurrence says which wording was seen."""

    def check(self, file: SignalFile) -> Iterator[Fault]:
        """Names of alternatives and metric rules differ, and none is the reserved `clears`."""
        seen: set[str] = set()
        places = [("detect", index, rule.name) for index, rule in enumerate(file.signal.detect)]
        places += [("metrics", index, rule.name) for index, rule in enumerate(file.signal.metrics)]
        for group, index, name in places:
            if name == CLEARS:
                yield file.fault((group, index, "name"), f"`{CLEARS}` names the way back to healthy")
            elif name in seen:
                yield file.fault((group, index, "name"), f"another alternative is called `{name}`")
            seen.add(name)


class SomethingIsLookedFor(FileRule):
    """A signal that can never be seen explains nothing."""

    def check(self, file: SignalFile) -> Iterator[Fault]:
        """There is an alternative or a metric rule."""
        if not file.signal.detect and not file.signal.metrics:
            yield file.fault((), "neither `detect` nor `metrics`: this signal can never be seen")

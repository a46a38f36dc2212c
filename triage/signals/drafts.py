"""Signal files as they were written: each model with its document and parsed filters, before the pack is judged."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from triage.errors import FilterError
from triage.lql.parse import parse
from triage.lql.types import check
from triage.model.base import Model
from triage.model.filter import Filter
from triage.model.signal import Keep, Signal, Stream
from triage.signals.documents import Document, read_document
from triage.signals.faults import Fault, Trail, model_faults

STREAMS_FILE = "streams.yaml"
AnyModel = TypeVar("AnyModel", bound=Model)


class StreamsFile(Model):
    """What `streams.yaml` holds."""

    streams: tuple[Stream, ...] = Field(min_length=1)
    keep: tuple[Keep, ...] = ()


@dataclass(frozen=True)
class SignalFile:
    """One signal with the file that declares it. `filters` holds those that parse, by their trail."""

    document: Document
    signal: Signal
    filters: Mapping[Trail, Filter]

    def fault(self, trail: Trail, what: str, *, key: bool = False) -> Fault:
        """A fault with its place in this file."""
        return self.document.fault(trail, what, key=key)


@dataclass
class Draft:
    """All files that were read, before it is known whether they fit together."""

    files: list[SignalFile] = field(default_factory=list)
    streams: tuple[Stream, ...] = ()
    keep: tuple[Keep, ...] = ()
    streams_document: Document | None = None
    stream_filters: dict[str, Filter] = field(default_factory=dict)
    """Each stream's `where`, parsed."""
    keep_filters: dict[str, Filter] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    only: frozenset[Path] | None = None
    """The files (resolved) that are to be judged; None for all. The others are there to be referred to."""

    @property
    def judged(self) -> list[SignalFile]:
        """The files that are to be judged."""
        chosen = self.only
        return [file for file in self.files if chosen is None or file.document.path.resolve() in chosen]


def signal_paths(directory: Path) -> list[Path]:
    """The signal files of a directory, by name; the file of streams is none."""
    found = [*directory.glob("*.yaml"), *directory.glob("*.yml")]
    return sorted(path for path in found if path.name != STREAMS_FILE)


def read_draft(streams: Path, paths: Iterable[Path]) -> Draft:
    """Read the file of streams and the signal files; every fault goes into `faults`, no file stops another."""
    draft = Draft()
    _read_streams(draft, streams)
    for path in paths:
        _read_signal(draft, path)
    return draft


def _read_streams(draft: Draft, path: Path) -> None:
    document = read_document(path)
    draft.streams_document = document
    model = _validated(document, StreamsFile, draft.faults)
    if model is None:
        return
    draft.streams, draft.keep = model.streams, model.keep
    faults: list[Fault] = []
    for index, stream in enumerate(model.streams):
        draft.stream_filters |= _parsed(document, ("streams", index, "where"), stream.where, faults, stream.id)
    for index, keep in enumerate(model.keep):
        draft.keep_filters |= _parsed(document, ("keep", index, "filter"), keep.filter, faults, keep.id)
    draft.faults += faults


def _parsed(document: Document, trail: Trail, text: str, faults: list[Fault], name: str) -> dict[str, Filter]:
    found = parse_at(document, trail, text, faults)
    return {name: found} if found else {}


def _read_signal(draft: Draft, path: Path) -> None:
    document = read_document(path)
    signal = _validated(document, Signal, draft.faults)
    if signal is None:
        return
    filters: dict[Trail, Filter] = {}
    for trail, text in _filter_texts(signal):
        parsed = parse_at(document, trail, text, draft.faults)
        if parsed is not None:
            filters[trail] = parsed
    draft.files.append(SignalFile(document, signal, filters))


def _filter_texts(signal: Signal) -> Iterator[tuple[Trail, str]]:
    for index, alternative in enumerate(signal.detect):
        yield ("detect", index, "filter"), alternative.filter
    if signal.clears is not None:
        yield ("clears",), signal.clears


def parse_at(document: Document, trail: Trail, text: str, faults: list[Fault]) -> Filter | None:
    """The filter that stands at `trail`, its fields known to exist; a fault and None where it is none."""
    try:
        parsed = parse(text)
        check(parsed)
    except FilterError as error:
        where = f", line {error.line}, column {error.column}" if error.line > 1 else f", column {error.column}"
        what = f"filter: {error.reason}{where}"
        faults.append(document.fault(trail, what, line=error.line, column=error.column))
        return None
    return parsed


def _validated(document: Document, model: type[AnyModel], faults: list[Fault]) -> AnyModel | None:
    faults += document.faults
    if document.value is None:
        if not document.faults:
            faults.append(document.fault((), "the file is empty"))
        return None
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        for trail, what in model_faults(error, model):
            faults.append(document.fault(trail, what, key=what.startswith("`") and "is not a field" in what))
        return None

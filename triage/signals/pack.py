"""The pack: the bundled signals and users' own, read, checked and joined with the streams they are looked for in."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from triage.errors import PackError
from triage.model.filter import Filter
from triage.model.signal import Pack, Stream
from triage.resources import resource
from triage.signals.drafts import STREAMS_FILE, Draft, SignalFile, read_draft, signal_paths
from triage.signals.faults import Fault, shown
from triage.signals.lint import essential_faults
from triage.signals.streams import CLEARS, Scope, cleared_in, first_texts, scope_of, searched, whole_filter


def load_pack(directories: Sequence[Path] = ()) -> Pack:
    """The bundled pack with the signals of users' directories.

    Raises PackError with every fault of every file at once: no YAML, unknown or missing fields, filters that do not
    parse, links to no signal, cycles, ids that clash. Whether examples hold is for `triage signals check`.
    """
    return checked(draft_pack(directories))


def checked(draft: Draft) -> Pack:
    """The pack of a draft. Raises PackError where a file has a fault, or files do not fit together."""
    faults = draft.faults or essential_faults(draft)
    if faults:
        raise PackError([str(fault) for fault in in_order(faults)])
    return assemble(draft)


def draft_pack(directories: Sequence[Path] = (), files: Sequence[Path] = ()) -> Draft:
    """Bundled and users' files as they are written; a file that is named twice is read once."""
    bundled = resource("queries")
    own: list[Path] = []
    unfit: list[Fault] = []
    for directory in directories:
        found = signal_paths(directory) if directory.is_dir() else []
        own += found
        unfit += _unfit(directory, found)
    paths: dict[Path, Path] = {}
    for path in (*signal_paths(bundled), *own, *files):
        paths.setdefault(path.resolve(), path)
    draft = read_draft(bundled / STREAMS_FILE, paths.values())
    draft.faults[:0] = unfit
    return draft


def _unfit(directory: Path, found: Sequence[Path]) -> list[Fault]:
    """What is wrong with a user's directory itself."""
    if not directory.is_dir():
        return [Fault(shown(directory), 1, 1, "is no directory")]
    streams = directory / STREAMS_FILE
    if streams.exists() and streams.resolve() != (resource("queries") / STREAMS_FILE).resolve():
        return [Fault(shown(streams), 1, 1, "streams are the bundled pack's alone: a directory of yours holds signals")]
    return [] if found else [Fault(shown(directory), 1, 1, "holds no signal files: they are called ID.yaml")]


def in_order(faults: Sequence[Fault]) -> list[Fault]:
    """Faults by file and line, each once."""
    return sorted(dict.fromkeys(faults), key=lambda fault: (fault.file, fault.line, fault.column))


def assemble(draft: Draft) -> Pack:
    """The checked pack of a draft without faults, with every whole filter made."""
    scopes: dict[tuple[str, ...], Scope] = {}
    wanted: dict[str, Filter] = {}
    for file in draft.files:
        for name, written, own, streams in _looked_for(file, draft):
            searched_in = tuple(stream.id for stream in streams)
            if searched_in not in scopes:
                scopes[searched_in] = scope_of(streams, draft.stream_filters)
            firsts = first_texts(own, draft.streams)
            wanted[f"{file.signal.id}/{name}"] = whole_filter(written, firsts, scopes[searched_in])
    wanted |= {f"keep/{name}": found for name, found in draft.keep_filters.items()}
    return Pack(
        signals=tuple(file.signal for file in draft.files),
        streams=draft.streams,
        keep=draft.keep,
        origins={file.signal.id: str(file.document.path) for file in draft.files},
        wanted=wanted,
    )


def _looked_for(file: SignalFile, draft: Draft) -> Iterator[tuple[str, Filter, Sequence[str], tuple[Stream, ...]]]:
    """Each wording's name, what is written for it and for which streams, and all streams where it is looked for."""
    signal = file.signal
    for index, alternative in enumerate(signal.detect):
        written = file.filters["detect", index, "filter"]
        yield alternative.name, written, alternative.stream, searched(alternative, draft.streams)
    if signal.clears is not None:
        streams = cleared_in(signal, draft.streams)
        yield CLEARS, file.filters[CLEARS,], [stream.id for stream in streams], streams

"""Evidence files being read: opened, counted, and looked at in the background until a plan says what is wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from triage.errors import InputError
from triage.evidence.manifest import Manifest, parse_manifest
from triage.model.place import Ask, Gap
from triage.sources.files.contents import NOTHING, Contents, open_contents
from triage.sources.files.documents import read_documents
from triage.sources.files.entry_files import entry_files
from triage.sources.files.survey import Survey
from triage.sources.files.window import known_edges


@dataclass(frozen=True)
class Begun:
    """Evidence of which the light look has begun; what is asked of it, and what its manifest says."""

    path: Path
    ask: Ask
    contents: Contents
    manifest: Manifest
    manifest_gaps: tuple[Gap, ...]
    """What is wrong with its file."""
    survey: Survey


@contextmanager
def begin_reading(path: Path, ask: Ask) -> Iterator[Begun]:
    """Open an evidence directory, `.tar.gz`, `.zip` or lone file of log entries, and begin to read.

    `read.read_begun` makes evidence of it. Raises InputError where there is nothing to read, and where the window
    would end before it starts.
    """
    with open_contents(path) as contents:
        if not contents.of("entries") and not contents.of("operations"):
            raise InputError(f"{path} holds neither log entries nor operations", remedy=NOTHING)
        files = entry_files(contents)
        documents, gaps = read_documents(contents.of("manifest"))
        manifest = parse_manifest(documents)
        with Survey(files, known_edges(ask, manifest.end)) as survey:
            yield Begun(path, ask, contents, manifest, tuple(gaps), survey)

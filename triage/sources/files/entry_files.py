"""The files of log entries, made fit for DuckDB: what it reads as it is, and cleaned copies of what it refuses."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import TypeVar

import duckdb

from triage.model.place import Gap
from triage.sources.files.clean import Skipped, clean, clean_lines
from triage.sources.files.contents import Contents, Found
from triage.sources.files.sniff import Layout, layout_of
from triage.sources.files.sql import quoted
from triage.sources.files.unsound import unsound_lines

_LARGEST_OBJECT = 16 << 20
_RATIO = 300
_SMALL = 256 << 20
_RESERVE = 256 << 20
_AWKWARD = frozenset("*?[]{}")  # DuckDB would take such a name for a pattern

Answer = TypeVar("Answer")


@dataclass
class EntryFile:
    """One file of entries, as DuckDB is to read it."""

    found: Found
    path: Path
    layout: Layout
    cleaned: bool = False
    passed_over: int = 0
    """Records of it that DuckDB passes over, which were looked at one by one."""


@dataclass
class EntryFiles:
    """All files of entries of one directory or archive."""

    contents: Contents
    files: list[EntryFile] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    malformed: int = 0
    """Records that were skipped while cleaning."""

    @property
    def paths(self) -> list[Path]:
        """Where their bytes are; a file that is mended moves."""
        return [file.path for file in self.files]

    def sql(self, select: str, *, fields: str | None = None) -> str:
        """A SELECT over all entries.

        Without `fields`, `json` is the entry as it lies in `filename`, NULL for a broken line. With `fields`, a DuckDB
        struct of column types, each entry comes as those columns, all NULL for a broken line.
        """
        reader = f"read_json(%s, columns = {fields}, " if fields else "read_json_objects(%s, "
        options = f"filename = true, maximum_object_size = {_LARGEST_OBJECT})"
        ways = (
            (Layout.LINES, "format = 'newline_delimited', ignore_errors = true, "),
            (Layout.ARRAY, "format = 'array', "),
        )
        parts = []
        for layout, way in ways:
            names = ", ".join(quoted(str(file.path)) for file in self.files if file.layout is layout)
            if names:
                parts.append(f"SELECT {select} FROM {reader % f'[{names}]'}{way}{options}")  # noqa: S608 - our own text
        return " UNION ALL ".join(parts)

    def asked(self, ask: Callable[[], Answer]) -> Answer:
        """The answer of `ask`, which queries `sql()`; where DuckDB refuses a file, once more with that file cleaned."""
        try:
            return ask()
        except duckdb.Error:
            raw = [file for file in self.files if not file.cleaned]
            # In an array a record of the wrong shape stops DuckDB, though its JSON is sound.
            refused = [file for file in raw if file.layout is Layout.ARRAY or _is_refused(file)]
            if not refused:
                raise
            for file in refused:
                self.mend(file)
            return ask()

    def mend(self, file: EntryFile, *, broken: int | None = None) -> None:
        """Read a file patiently and note what is skipped. A copy without that takes the place of the file.

        Where it is known that DuckDB reads the file and passes over `broken` records, the file stays as it is if the
        patient reader skips as many. Of lines, only those records are read: what is saved of them is one more file.
        """
        if file.cleaned:
            return
        target = self.contents.scratch / f"clean-{self.files.index(file):05d}.ndjson"
        lines = unsound_lines(file.path, broken) if broken and file.layout is Layout.LINES else None
        if lines is not None:
            skipped = clean_lines(lines, target)
        else:
            size = file.path.stat().st_size
            free = shutil.disk_usage(self.contents.scratch).free - _RESERVE
            skipped = clean(file.path, target, file.layout, allowed=min(free, max(_SMALL, size * _RATIO)))
        self.malformed += skipped.count
        gap = _gap_of(file.found.name, skipped)
        if gap:
            self.gaps.append(gap)
        if broken and (lines is not None or skipped.count == broken) and not skipped.fatal:
            file.passed_over = broken
            if skipped.count < broken:
                self.files.append(EntryFile(file.found, target, Layout.LINES, cleaned=True))
            else:
                target.unlink()
            return
        file.path, file.layout, file.cleaned = target, Layout.LINES, True

    def by_name(self, filename: str) -> EntryFile:
        """The file that DuckDB calls `filename`."""
        return next(file for file in self.files if str(file.path) == filename)


def entry_files(contents: Contents) -> EntryFiles:
    """The entry files of an opened directory; what is clearly not fit for DuckDB is cleaned right away."""
    known = EntryFiles(contents)
    for number, found in enumerate(contents.of("entries")):
        try:
            layout, fit = layout_of(found.path)
        except OSError as error:
            reason = f"{found.name} cannot be read: {error.strerror or error}"
            known.gaps.append(Gap(source="entries", reason=reason, remedy=f"chmod +r {quote(str(found.path))}"))
            continue
        if layout is Layout.EMPTY:
            known.gaps.append(Gap(source="entries", reason=f"{found.name} is empty", remedy="export it again"))
            continue
        file = EntryFile(found, _plainly_named(found.path, contents.scratch, number), layout)
        known.files.append(file)
        if not fit:
            known.mend(file)
    return known


def _plainly_named(path: Path, scratch: Path, number: int) -> Path:
    whole = path.absolute()
    if not _AWKWARD & set(str(whole)) and str(whole).isprintable():
        return whole
    link = scratch / f"entries-{number:05d}{'.json.gz' if path.name.lower().endswith('.gz') else '.json'}"
    link.symlink_to(whole)
    return link


def _is_refused(file: EntryFile) -> bool:
    one = EntryFiles(Contents(), [file])
    try:
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")  # it would draw into the report
            connection.execute(f"SELECT count(json) FROM ({one.sql('json')})").fetchall()  # noqa: S608 - our own text
    except duckdb.Error:
        return True
    return False


def _gap_of(name: str, skipped: Skipped) -> Gap | None:
    told = []
    if skipped.count:
        more = f", and {skipped.count - len(skipped.places)} more" if skipped.count > len(skipped.places) else ""
        records = "record is no log entry and was" if skipped.count == 1 else "records are no log entries and were"
        told.append(f"{skipped.count} {records} skipped ({'; '.join(skipped.places)}{more})")
    if skipped.fatal:
        told.append(f"reading stopped: {skipped.fatal}; what came before was read")
    if not told:
        return None
    return Gap(
        source="entries",
        reason=f"{name}: {'; '.join(told)}",
        remedy="export it again with gcloud logging read … --format=json",
    )

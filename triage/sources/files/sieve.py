"""Files of lines, sieved before anything is parsed: most lines hold no word that a signal looks for.

One automaton (Hyperscan) walks the bytes at about 1.2 GB a second on each core, however many words there are; RE2 on
parsed text takes four times as long. What it lets pass is judged again, so it may let too much pass, never too little:
where it is not installed, or would let most lines pass, the whole file passes.
"""

import os
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from io import BufferedReader
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Self

from triage.lql.lines import line_patterns
from triage.sources.files.decoded import GZIP_MAGIC, opened, why_broken
from triage.sources.files.entry_files import EntryFile
from triage.sources.files.sniff import BOM, Layout
from triage.sources.plan import Plan

_BLOCK = 1 << 20
_LONGEST_LINE = 16 << 20
_MOST_SHARE = 1 / 3
"""Where more than this share of a file passes, reading all of it is as quick."""
_JUDGED_FROM = 16 << 20
_MOST_MATCHES = 2_000
"""In a block with more matches than this, all lines pass: telling them apart would cost more than reading them."""
_RESERVE = 256 << 20
_WORTH_IT = 8 << 20
"""Fewer bytes are read whole before the automaton is made."""
_PACKED = 12
"""About how much more a packed file of log entries holds."""
_STRETCH = 32 << 20
_MOST_WALKERS = 4
"""Each may write a whole stretch before it is seen that too much passes, which the reserve must hold."""

Passed = dict[Path, list[EntryFile]]
"""By the path of a file, what of it is to be read."""


class Sieve:
    """Lines that may hold an entry that a plan wants, sieved aside while the `with` block goes on."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._given_up = threading.Event()
        self._numbers = count()
        self._aside = ThreadPoolExecutor(1)
        self._walkers = ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_WALKERS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._given_up.set()
        self._aside.shutdown(cancel_futures=True)
        self._walkers.shutdown(cancel_futures=True)

    def start(self, files: Iterable[EntryFile], scratch: Path) -> Future[Passed]:
        """Begin to sieve: for each path of a file, what is to be read instead.

        That is the file itself, or files in `scratch` that hold the lines that pass.
        """
        as_they_are = [replace(file) for file in files]  # a file that is mended meanwhile moves
        return self._aside.submit(self._sieved, as_they_are, scratch)

    def _sieved(self, files: Sequence[EntryFile], scratch: Path) -> Passed:
        small = sum(_size(file.path) for file in files) < _WORTH_IT
        automaton = None if small else self._automaton
        if automaton is None:
            return {file.path: [file] for file in files}
        begun = [(file, self._begin(file, automaton, scratch)) for file in files]
        passed: Passed = {}
        for file, stretches in begun:
            sieved = [one.result() for one in stretches]
            kept = [path for path in sieved if path and path.stat().st_size]
            whole = not sieved or not all(sieved)
            passed[file.path] = (
                [file] if whole else [EntryFile(file.found, path, Layout.LINES, cleaned=True) for path in kept]
            )
        return passed

    @cached_property
    def _automaton(self) -> "_Automaton | None":
        patterns = line_patterns(self._plan.necessary)
        return _automaton(patterns) if patterns else None

    def _begin(self, file: EntryFile, automaton: "_Automaton", scratch: Path) -> list[Future[Path | None]]:
        """Begin to walk a file: for each stretch of it, the lines that pass; none where it is not to be sieved."""
        if file.layout is not Layout.LINES:
            return []
        enough = threading.Event()
        try:
            stretches = _stretches(file.path)
        except (OSError, ValueError):
            return []  # whatever is wrong with the file, its reader says
        return [
            self._walkers.submit(
                self._walk, file.path, span, automaton, scratch / f"sieved-{next(self._numbers)}.ndjson", enough
            )
            for span in stretches
        ]

    def _walk(
        self, path: Path, span: range | None, automaton: "_Automaton", target: Path, enough: threading.Event
    ) -> Path | None:
        """Write the lines of a stretch that pass; returns where to, or None where the whole file is to be read instead.

        `enough` is set then, too: the other stretches of the file need not be walked.
        """
        read = written = 0
        try:
            room = shutil.disk_usage(target.parent).free - _RESERVE
            with opened(path) as source, target.open("wb") as out:
                for buffer, size in _blocks(source, span):
                    if self._given_up.is_set() or enough.is_set():
                        return None
                    read += size
                    written += sum(map(out.write, automaton.passing(buffer, size)))
                    if (read > _JUDGED_FROM and written > read * _MOST_SHARE) or written > room:
                        enough.set()
                        return None
                sound = why_broken(source) is None
        except (OSError, ValueError):
            sound = False  # whatever is wrong with the file, its reader says
        if not sound:
            enough.set()
        return target if sound else None


class _Automaton:
    """The patterns of a plan, ready to be put to blocks of lines, on any thread."""

    def __init__(self, library: Any, patterns: Sequence[str]) -> None:
        self.terminated = library.ScanTerminated
        self.database = library.Database(mode=library.HS_MODE_BLOCK)
        encoded = [pattern.encode("ascii") for pattern in patterns]
        self.database.compile(expressions=encoded, flags=library.HS_FLAG_CASELESS)
        self._own = threading.local()

    def passing(self, buffer: bytearray, size: int) -> Iterator[memoryview]:
        """The lines of a block of whole lines in which a pattern is found; all of them where they are many."""
        ends: list[int] = []

        def found(_id: int, _start: int, end: int, _flags: int, _context: Any) -> bool:
            ends.append(end)
            return len(ends) > _MOST_MATCHES

        block = memoryview(buffer)[:size]
        try:
            self.database.scan(block, match_event_handler=found, scratch=self._scratch())
        except self.terminated:
            yield block
            return
        done = 0
        for end in sorted(ends):
            if end > done:
                start = max(buffer.rfind(b"\n", done, end - 1) + 1, done)
                done = buffer.find(b"\n", end - 1, size) + 1
                yield block[start:done]

    def _scratch(self) -> Any:
        if not hasattr(self._own, "scratch"):
            self._own.scratch = self.database.scratch.clone()
        return self._own.scratch


def _automaton(patterns: Sequence[str]) -> _Automaton | None:
    try:
        library = import_module("hyperscan")
    except ImportError:  # a platform that it is not built for
        return None
    try:
        return _Automaton(library, patterns)
    except library.error:  # a user's own filters may want more than it can hold
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size * (_PACKED if path.suffix == ".gz" else 1)
    except OSError:
        return 0  # its reader says what is wrong with it


def _stretches(path: Path) -> list[range | None]:
    """Parts of a file that can be walked side by side, each of whole lines; None is all of it, however it is packed."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _STRETCH or file.read(len(GZIP_MAGIC)) == GZIP_MAGIC:
            return [None]
        edges = [0]
        for near in range(_STRETCH, size, _STRETCH):
            file.seek(near)
            rest = file.readline(_LONGEST_LINE)
            if rest.endswith(b"\n"):
                edges.append(near + len(rest))
    edges = sorted({*edges, size})
    return [range(start, end) for start, end in pairwise(edges)]


def _blocks(source: BufferedReader, span: range | None) -> Iterator[tuple[bytearray, int]]:
    """The source in blocks of whole lines: a buffer, and how much of it is one. Raises ValueError for endless lines.

    Of a file that is not packed, `span` is the part that is asked for.
    """
    left = len(span) if span else sys.maxsize
    if span:
        source.seek(span.start)
    buffer, held, first = bytearray(_BLOCK), 0, True
    while left and (got := source.readinto(memoryview(buffer)[held : held + left])):
        filled, left = held + got, left - got
        if first and buffer.startswith(BOM):
            buffer[: len(BOM)] = b" " * len(BOM)  # inside a file it would break a line
        first = False
        end = buffer.rfind(b"\n", 0, filled) + 1
        if end:
            yield buffer, end
        held = filled - end
        if held > _LONGEST_LINE:
            raise ValueError("a line without end")
        grown = buffer if held <= len(buffer) // 2 else bytearray(2 * len(buffer))
        grown[:held] = buffer[end:filled]
        buffer = grown
    if held:
        buffer[held : held + 1] = b"\n"
        yield buffer, held + 1

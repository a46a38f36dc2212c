"""Files of lines, sieved before anything is parsed: most lines hold no word that a signal looks for.

One automaton (Hyperscan) walks the bytes at about 1.2 GB a second on one core, however many words there are; RE2 on
parsed text takes four times as long. What it lets pass is judged again, so it may let too much pass, never too little:
where it is not installed, or would let most lines pass, the whole file passes.
"""

import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from typing import Any, BinaryIO, Self

from triage.lql.lines import line_patterns
from triage.sources.files.entry_files import EntryFile, EntryFiles
from triage.sources.files.sniff import BOM, Layout
from triage.sources.files.unpacked import opened, why_broken
from triage.sources.plan import Plan

_BLOCK = 1 << 20
_LONGEST_LINE = 16 << 20
_MOST_SHARE = 1 / 3
"""Where more than this share of a file passes, reading all of it is as quick."""
_JUDGED_FROM = 16 << 20
_MOST_MATCHES = 2_000
"""In a block with more matches than this, all lines pass: telling them apart would cost more than reading them."""
_RESERVE = 256 << 20


class Sieve:
    """Lines that may hold an entry that a plan wants, sieved aside while the `with` block goes on."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._given_up = threading.Event()
        self._aside = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._given_up.set()
        self._aside.shutdown(cancel_futures=True)

    def start(self, files: EntryFiles) -> Future[EntryFiles]:
        """Begin to sieve: the files, those of lines replaced by one that holds the lines that pass.

        That one lies in the scratch directory of the files; the next start writes it anew.
        """
        return self._aside.submit(self._sieved, replace(files, files=list(files.files)))

    def _sieved(self, files: EntryFiles) -> EntryFiles:
        passed = EntryFiles(files.contents)
        patterns = line_patterns(self._plan.necessary)
        automaton = _automaton(patterns) if patterns else None
        if automaton is None:
            return files
        target = files.contents.scratch / "sieved.ndjson"
        with target.open("wb") as out:
            for file in files.files:
                start = out.tell()
                if not self._sieve(file, automaton, out):
                    out.seek(start)
                    out.truncate()
                    passed.files.append(file)
        if target.stat().st_size:
            passed.files.append(EntryFile(files.files[0].found, target, Layout.LINES, cleaned=True))
        return passed

    def _sieve(self, file: EntryFile, automaton: "_Automaton", out: BinaryIO) -> bool:
        """Write the lines of a file that pass; returns False where the whole file is to be read instead."""
        if file.layout is not Layout.LINES:
            return False
        read = written = 0
        try:
            room = shutil.disk_usage(file.path.parent).free - _RESERVE
            with opened(file.path) as source:
                for buffer, size in _blocks(source):
                    if self._given_up.is_set():
                        return False
                    read += size
                    written += sum(map(out.write, automaton.passing(buffer, size)))
                    if (read > _JUDGED_FROM and written > read * _MOST_SHARE) or written > room:
                        return False
                return why_broken(source) is None
        except (OSError, ValueError):
            return False  # whatever is wrong with the file, its reader says


class _Automaton:
    """The patterns of a plan, ready to be put to blocks of lines."""

    def __init__(self, library: Any, patterns: Sequence[str]) -> None:
        self.terminated = library.ScanTerminated
        self.database = library.Database(mode=library.HS_MODE_BLOCK)
        encoded = [pattern.encode("ascii") for pattern in patterns]
        self.database.compile(expressions=encoded, flags=library.HS_FLAG_CASELESS)
        self.ends: list[int] = []

    def passing(self, buffer: bytearray, size: int) -> Iterator[memoryview]:
        """The lines of a block of whole lines in which a pattern is found; all of them where they are many."""
        self.ends.clear()
        block = memoryview(buffer)[:size]
        try:
            self.database.scan(block, match_event_handler=self._found)
        except self.terminated:
            yield block
            return
        done = 0
        for end in sorted(self.ends):
            if end > done:
                start = max(buffer.rfind(b"\n", done, end - 1) + 1, done)
                done = buffer.find(b"\n", end - 1, size) + 1
                yield block[start:done]

    def _found(self, _id: int, _start: int, end: int, _flags: int, _context: Any) -> bool:
        self.ends.append(end)
        return len(self.ends) > _MOST_MATCHES


def _automaton(patterns: Sequence[str]) -> _Automaton | None:
    try:
        library = import_module("hyperscan")
    except ImportError:  # a platform that it is not built for
        return None
    try:
        return _Automaton(library, patterns)
    except library.error:  # a user's own filters may want more than it can hold
        return None


def _blocks(source: Any) -> Iterator[tuple[bytearray, int]]:
    """The source in blocks of whole lines: a buffer, and how much of it is one. Raises ValueError for endless lines."""
    buffer, held, first = bytearray(_BLOCK), 0, True
    while got := source.readinto(memoryview(buffer)[held:]):
        filled = held + got
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

"""Everything that can go wrong, as one tree.

    TriageError                    1  anything unexpected
    ├── InputError                 2  the call or its input is wrong
    │   ├── FilterError               a filter in the Logging query language; knows line and column
    │   └── PackError                 a signal file; knows every fault at once
    ├── AccessError                4  signed out, or nothing may be read
    ├── CutShortError            130  Ctrl-C, before there was anything to keep
    └── SourceError                1  one source cannot be read: becomes a gap, never the end of the run
        └── DeniedError               the caller may not read it; all sources denied is an AccessError

Only `triage.cli` prints and exits; everything else raises one of these.
"""

from collections.abc import Sequence
from typing import ClassVar


class TriageError(Exception):
    """What is wrong and where (`str(error)`), and what to do about it (`remedy`, may be empty)."""

    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class InputError(TriageError):
    """The call, or the evidence it names, is wrong."""

    exit_status = 2


class FilterError(InputError):
    """A filter that is not in the Logging query language, or that the Logging API would refuse.

    `line` and `column` count from one; `excerpt` is the offending line with the place underlined.
    """

    def __init__(self, message: str, *, line: int = 1, column: int = 1, excerpt: str = "") -> None:
        super().__init__(f"line {line}, column {column}: {message}", remedy=excerpt)
        self.reason = message
        self.line = line
        self.column = column
        self.excerpt = excerpt


class PackError(InputError):
    """Signal files that do not hold; `faults` has one line each, `file:line:column: what`."""

    def __init__(self, faults: Sequence[str]) -> None:
        shown = "\n".join(faults)
        super().__init__(shown)
        self.faults = tuple(faults)


class AccessError(TriageError):
    """Nothing may be read: no credentials, or every source refused."""

    exit_status = 4


class CutShortError(TriageError):
    """Somebody pressed Ctrl-C before there was anything to keep."""

    exit_status = 130


class SourceError(TriageError):
    """One source could not be read. The collection turns it into a gap."""


class DeniedError(SourceError):
    """The caller may not read this source: a permission, an API or a sign-in is missing."""

"""Progress on standard error, and only on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from triage.sources.live.collection import Progress

if TYPE_CHECKING:
    from rich.progress import Task
    from rich.text import Text

ROOM_FOR_TIMES = 65
ROOM_FOR_BARS = 90
"""Columns that a terminal must have for what is shown beside the amounts."""


@contextmanager
def shown(*, quiet: bool) -> Iterator[Progress]:
    """A progress display, one line a source: what is read, how much of it, how long it will take.

    Silent where nobody looks or `quiet` is said.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars
    from rich.table import Column
    from rich.text import Text

    class Left(ProgressColumn):
        """How long it will take, by the pace so far."""

        max_refresh = 0.5

        def render(self, task: "Task") -> "Text":
            return Text(left(task.time_remaining, known=task.total is not None, finished=task.finished))

    class Amount(ProgressColumn):
        """How many records so far, and of about how many."""

        def render(self, task: "Task") -> "Text":
            return Text(amount(int(task.completed), None if task.total is None else int(task.total)))

    console = Console(stderr=True)
    one_line = Column(no_wrap=True)  # the lines are counted when they are drawn again
    columns = [SpinnerColumn(), TextColumn("{task.description:<11}"), Amount(table_column=one_line)]
    if console.width >= ROOM_FOR_TIMES:
        columns += [TimeElapsedColumn(), Left(table_column=one_line)]
    if console.width >= ROOM_FOR_BARS:
        columns.insert(2, BarColumn(bar_width=24))
    with Bars(*columns, console=console, transient=True) as bars:
        tasks: dict[str, int] = {}

        def tell(source: str, done: int, total: int | None) -> None:
            if source not in tasks:
                tasks[source] = bars.add_task(source, total=total)
            bars.update(tasks[source], completed=done, total=total)  # type: ignore[arg-type] # rich's TaskID is an int

        yield tell


def amount(done: int, total: int | None) -> str:
    """`12,000`, or `12,000 of about 40,000` while more are expected."""
    return f"{done:>9,}" if total is None or total <= done else f"{done:>9,} of about {total:,}"


def left(seconds: float | None, *, known: bool, finished: bool) -> str:
    """`about 40 s left`; nothing where the end is not in sight, or reached."""
    from triage.units import format_duration

    return f"about {format_duration(seconds)} left" if known and not finished and seconds is not None else ""

"""Progress on standard error, and only on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from triage.sources.live.collection import Progress


@contextmanager
def shown(*, quiet: bool) -> Iterator[Progress]:
    """A progress display, one line a source; silent where nobody looks or `quiet` is said."""
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<11}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:>9,}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, int] = {}

        def tell(source: str, done: int, total: int | None) -> None:
            if source not in tasks:
                tasks[source] = bars.add_task(source, total=total)
            bars.update(tasks[source], completed=done, total=total)  # type: ignore[arg-type] # rich's TaskID is an int

        yield tell

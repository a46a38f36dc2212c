"""Several sources read side by side, until all are done or Ctrl-C cuts them short."""

import threading
import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue

GRACE_S = 3.0
"""How long after Ctrl-C the answers under way are waited for."""


def together(tasks: Mapping[str, Callable[[], None]], stop: threading.Event) -> set[str] | None:
    """Run all tasks side by side. None when all came to their end; else, after Ctrl-C, the names of those that did not.

    Ctrl-C sets `stop`, which the tasks heed. Raises what a task raises.
    The threads are daemons: one that hangs in a call must not keep the program from ending.
    """
    done: SimpleQueue[tuple[str, BaseException | None]] = SimpleQueue()
    pending = set(tasks)
    interrupted = False
    deadline = 0.0
    for source, task in tasks.items():
        threading.Thread(target=_report, args=(source, task, done), name=f"read-{source}", daemon=True).start()
    while pending:
        try:
            source, error = done.get(timeout=max(deadline - time.monotonic(), 0.0) if interrupted else None)
        except Empty:
            break
        except KeyboardInterrupt:
            # Pages under way may still come in; pressed again, nobody wants to wait.
            deadline = 0.0 if interrupted else time.monotonic() + GRACE_S
            interrupted = True
            stop.set()
            continue
        pending.discard(source)
        if error is not None and not (interrupted and isinstance(error, KeyboardInterrupt)):
            raise error
    return pending if interrupted else None


def _report(source: str, task: Callable[[], None], done: "SimpleQueue[tuple[str, BaseException | None]]") -> None:
    """Run one task and say that it is done, and how it ended."""
    try:
        task()
    except BaseException as error:  # handed to the main thread, which raises it
        done.put((source, error))
    else:
        done.put((source, None))

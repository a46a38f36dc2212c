"""Calls that wait for a server while the program goes on."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """A call that begins at once, in a thread of its own; its result is waited for when it is asked for, once.

    The thread is a daemon: one that hangs in a call must not keep the program from ending.
    """

    def __init__(self, call: Callable[[], T], name: str) -> None:
        self._done: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
        threading.Thread(target=self._run, args=(call,), name=name, daemon=True).start()

    def result(self) -> T:
        """What the call returned. Raises what it raised."""
        result, error = self._done.get()
        if error is not None:
            raise error
        return result  # type: ignore[return-value] # None only where the call returned it

    def _run(self, call: Callable[[], T]) -> None:
        try:
            self._done.put((call(), None))
        except BaseException as error:  # raised where the result is asked for
            self._done.put((None, error))

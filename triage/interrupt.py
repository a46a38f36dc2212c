"""Ctrl-C, told from errors: libraries swallow and wrap KeyboardInterrupt, so one flag remembers that it came.

Nothing of the program is imported here: it must work while everything else is still being loaded.
"""

import signal
import sys
import threading
from types import FrameType

_came = threading.Event()
_SHORTLY_S = 0.02


def listen() -> None:
    """From now on Ctrl-C is remembered, and raises KeyboardInterrupt as ever. Call it on the main thread.

    Where whoever started the program switched Ctrl-C off, as for a job in the background, it stays off.
    """
    if signal.getsignal(signal.SIGINT) in (_remember, signal.SIG_IGN):
        return
    signal.signal(signal.SIGINT, _remember)
    swallowed = sys.unraisablehook

    def told_again(lost: "sys.UnraisableHookArgs") -> None:
        # Raised where Python cannot raise (a finalizer, a C callback): without this it would be printed and lost.
        if lost.exc_type is not None and issubclass(lost.exc_type, KeyboardInterrupt):
            threading.Timer(_SHORTLY_S, _press_again).start()
        else:
            swallowed(lost)

    sys.unraisablehook = told_again


def _press_again() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def came() -> bool:
    """Whether Ctrl-C was pressed since the last time that somebody dealt with it."""
    return _came.is_set()


def deal_with() -> None:
    """What Ctrl-C asked for is done; the next one counts anew."""
    _came.clear()


def ignore() -> None:
    """The program is about to end: Ctrl-C changes nothing more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _remember(_number: int, _frame: FrameType | None) -> None:
    _came.set()
    raise KeyboardInterrupt

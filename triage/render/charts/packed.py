"""Times of quiet marks, packed into a few letters, so that the script can draw any part of the window anew.

A picture holds one tick a pixel; under a lens each of them must come apart into the occurrences that it stood for.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from triage.render.charts.bins import DENSE

STEPS = tuple(
    [250, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000]
    + [minutes * 60_000 for minutes in (1, 2, 5, 10, 15, 30, 60, 180)]
)
"""How exact times may be, in milliseconds."""
_MOST = 120_000
"""Letters that all times of a picture may take together: what a page of ten thousand occurrences has room for."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def step_for(groups: Iterable[Sequence[int]], length: int) -> int:
    """The finest step at which these groups of times, spread over `length` milliseconds, keep within bounds."""
    sizes = [len(times) for times in groups if times]
    return next((step for step in STEPS if sum(_estimate(size, length / step) for size in sizes) <= _MOST), STEPS[-1])


def _estimate(size: int, steps: float) -> float:
    """Letters for that many times, evenly spread: fewer where they share steps."""
    filled = min(size, steps + 1)
    gap, letters = steps / filled * DENSE, 1
    while gap >= 32:
        gap, letters = gap / 32, letters + 1
    return filled * letters


def packed(times: Iterable[int], start: int, step: int) -> str:
    """Which steps after `start` hold a time, and whether one, two, or more.

    Each is one number, `(steps since the last) * 3 + min(count, 3) - 1`, written as in source maps: five bits a letter,
    lowest first, the sixth bit says that more follow (Source Map Revision 3, base 64 VLQ, without its sign).
    """
    counted = Counter((ms - start) // step for ms in times)
    letters, last = [], 0
    for place in sorted(counted):
        number = (place - last) * DENSE + min(counted[place], DENSE) - 1
        last = place
        while number >= 32:
            letters.append(_LETTERS[number % 32 + 32])
            number //= 32
        letters.append(_LETTERS[number])
    return "".join(letters)

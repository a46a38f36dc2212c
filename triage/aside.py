"""Whether a place can be written to, found out by writing there: permissions alone do not tell it.

The super-user may write everywhere, and yet not below /proc, on a full disk or one that is mounted to be read.
"""

import os
import tempfile
from pathlib import Path


def try_writing(target: Path) -> None:
    """Make and remove a file beside `target`, in the nearest of its directories that is there.

    Raises OSError where that fails; leaves nothing behind.
    """
    directory = target.parent
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    handle, aside = tempfile.mkstemp(prefix=f".{target.name}.", dir=directory)
    try:
        os.write(handle, b"\n")  # a full disk still makes files
    finally:
        os.close(handle)
        Path(aside).unlink()

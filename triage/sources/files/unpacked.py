"""Reading files that may be gzipped, as far as they go: what was unpacked before a break is never lost."""

import io
import zlib
from pathlib import Path
from typing import cast

GZIP_MAGIC = b"\x1f\x8b"
_PIECE = 4 << 10
"""Bytes unpacked at once: what a fault in the data can take with it."""
_GZIP = 16 + zlib.MAX_WBITS


class _Unpacked(io.RawIOBase):
    """The content of a gzipped file. It ends where the data breaks; `broken` then says how."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._member = zlib.decompressobj(_GZIP)
        self._left = b""
        self.broken: str | None = None

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Unpack into `buffer`; 0 at the end, which `broken` explains where it came too early."""
        while self.broken is None:
            packed = self._left or self._file.read(_PIECE)
            self._left = b""
            if self._member.eof and packed:
                packed = packed.lstrip(b"\0")  # zeros may fill up the end; several members may stand one after another
                if not packed:
                    continue
                self._member = zlib.decompressobj(_GZIP)
            elif self._member.eof:
                return 0
            text = self._unpack(packed, len(buffer))
            if text:
                buffer[: len(text)] = text
                return len(text)
            if not packed:
                self.broken = self.broken or "the file ended before its data did"
        return 0

    def _unpack(self, packed: bytes, most: int) -> bytes:
        try:
            text = self._member.decompress(packed, most)
        except zlib.error as error:
            self.broken = str(error)
            return b""
        self._left = self._member.unconsumed_tail or self._member.unused_data
        return text


def opened(path: Path) -> io.BufferedReader:
    """The content of a file, unpacked where it is gzipped. Raises OSError where the file cannot be opened."""
    with path.open("rb") as file:
        packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return io.BufferedReader(cast("io.RawIOBase", _Unpacked(path))) if packed else path.open("rb")


def why_broken(file: io.BufferedReader) -> str | None:
    """Why the content ended before the file did, once it has been read; None where it did not."""
    broken = file.raw.broken if isinstance(file.raw, _Unpacked) else None
    return broken and f"the compressed data breaks off ({broken})"

"""Reading files that may be gzipped or in UTF-16, as far as they go: what comes before a break is never lost."""

import codecs
import io
import zlib
from pathlib import Path
from typing import cast

GZIP_MAGIC = b"\x1f\x8b"
_PIECE = 4 << 10
"""Bytes unpacked at once: what a fault in the data can take with it."""
_RECODED = 64 << 10
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


class _Recoded(io.RawIOBase):
    """The content of a UTF-16 file (as PowerShell writes what a command prints) in UTF-8, without its mark."""

    def __init__(self, inner: io.BufferedReader) -> None:
        self.inner = inner
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._left = b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.inner.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Recode into `buffer`; 0 at the end."""
        while not self._left:
            piece = self.inner.read(_RECODED)
            self._left = self._decoder.decode(piece, final=not piece).encode("utf-8", "replace")
            if not piece and not self._left:
                return 0
        text, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(text)] = text
        return len(text)


def opened(path: Path) -> io.BufferedReader:
    """The content of a file, unpacked where it is gzipped, in UTF-8 where it is marked as UTF-16.

    Raises OSError where the file cannot be opened.
    """
    content: io.BufferedReader = path.open("rb")
    if content.peek(len(GZIP_MAGIC))[: len(GZIP_MAGIC)] == GZIP_MAGIC:
        content.close()
        content = io.BufferedReader(cast("io.RawIOBase", _Unpacked(path)))
    if content.peek(2)[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return content
    return io.BufferedReader(cast("io.RawIOBase", _Recoded(content)))


def as_it_lies(file: io.BufferedReader) -> bool:
    """Whether the content is in the file's own letters, and not recoded."""
    return not isinstance(file.raw, _Recoded)


def why_broken(file: io.BufferedReader) -> str | None:
    """Why the content ended before the file did, once it has been read; None where it did not."""
    raw = file.raw.inner.raw if isinstance(file.raw, _Recoded) else file.raw
    broken = raw.broken if isinstance(raw, _Unpacked) else None
    return broken and f"the compressed data breaks off ({broken})"

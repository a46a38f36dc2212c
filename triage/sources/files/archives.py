"""Unpacking `.tar.gz` and `.zip` from strangers: no path of theirs is used, and what comes out is bounded."""

import gzip
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from triage.errors import InputError
from triage.model.place import Gap

MOST_RATIO = 300
"""Logs shrink 10 to 60 times; zlib's bound is 1,032."""
SMALL = 64 << 20
"""Up to here no ratio is suspicious."""
_LARGEST_READ = 64 << 20  # nothing but a forged header asks for so much at once
_RESERVE = 256 << 20  # disk space that is left to everybody else
_CHUNK = 1 << 20
_LONGEST_NAME = 1024

BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, NotImplementedError)

Member = tuple[str, Callable[[], IO[bytes]] | None]
"""A member's name and how to open it; None for links, devices and the like."""


def is_zip(path: Path) -> bool:
    """Whether the file is a zip archive, by its name or its first bytes."""
    return path.suffix.lower() == ".zip" or _starts_with(path, b"PK\x03\x04")


def is_tar(path: Path) -> bool:
    """Whether the file is a tar archive, plain or gzipped, by its name or its content."""
    name = path.name.lower()
    if name.endswith((".tar", ".tar.gz", ".tgz")):
        return True
    if name.endswith((".json", ".ndjson", ".jsonl", ".gz")) or not path.is_file():
        return False
    try:
        return tarfile.is_tarfile(path)
    except BROKEN:
        return False


def unpack(
    archive: Path, to: Path, gaps: list[Gap], *, wanted: Callable[[str], bool], most: int
) -> dict[str, Path | None]:
    """Write the wanted members of `archive` into `to`, under names of our own.

    Returns every member's name with where it was written: None for those that were not wanted, and for links and
    devices, which are never followed. An archive that breaks off becomes a gap while something came out of it.
    Raises InputError where it is no archive, or holds more than an honest one would.
    """
    to.mkdir()
    allowed = _allowance(archive, to)
    files: dict[str, Path | None] = {}
    try:
        for name, opener in _members(archive, allowed):
            if len(files) >= most:
                raise InputError(f"{archive} holds more than {most} files", remedy="pack the evidence alone")
            files.setdefault(name, None)
            if opener and wanted(name):
                path = to / f"{len(files):06d}{_suffix(name)}"
                files[name] = path
                with opener() as source, path.open("wb") as target:
                    allowed -= _copy(source, target, allowed, archive)
    except BROKEN as error:
        _give_up_on(archive, str(error) or type(error).__name__, files, gaps)
    except RuntimeError as error:  # what zipfile raises for encrypted members
        _give_up_on(archive, str(error), files, gaps)
    return files


def _give_up_on(archive: Path, why: str, files: dict[str, Path | None], gaps: list[Gap]) -> None:
    if not any(files.values()):
        raise InputError(f"{archive} cannot be unpacked: {why}", remedy="check that it was copied whole")
    gaps.append(
        Gap(
            source="files",
            reason=f"{archive.name} breaks off: {why}; what came before was read",
            remedy="check that it was copied whole",
        )
    )


def _starts_with(path: Path, magic: bytes) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _allowance(archive: Path, to: Path) -> int:
    free = shutil.disk_usage(to).free - _RESERVE
    return max(0, min(free, max(SMALL, archive.stat().st_size * MOST_RATIO)))


def _members(archive: Path, allowed: int) -> Iterator[Member]:
    if is_zip(archive):
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                if not info.is_dir():
                    yield _plain(info.filename), partial(opened.open, info)
        return
    with archive.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if packed else raw
        bounded = cast("IO[bytes]", _Bounded(stream, archive, 2 * allowed + SMALL))
        with tarfile.open(fileobj=bounded, mode="r:") as tar:
            for member in tar:
                if not member.isdir():
                    yield _plain(member.name), partial(_file, tar, member) if member.isreg() else None


def _file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    opened = tar.extractfile(member)
    if opened is None:
        raise tarfile.TarError(f"{member.name[:100]!r} has no content")
    return opened


def _plain(name: str) -> str:
    """A member's name as words for messages and sorting; it never becomes a path."""
    clean = name.replace("\\", "/").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    parts = [part for part in PurePosixPath(clean[:_LONGEST_NAME]).parts if part not in ("/", ".")]
    return "/".join(parts)


def _suffix(name: str) -> str:
    return ".json.gz" if name.lower().endswith(".gz") else ".json"


def _copy(source: IO[bytes], target: IO[bytes], allowed: int, archive: Path) -> int:
    written = 0
    while chunk := source.read(_CHUNK):
        written += len(chunk)
        if written > allowed:
            raise InputError(
                f"{archive} unpacks to far more than its size: refused after {written >> 20} MB",
                remedy="unpack it yourself and name the directory",
            )
        target.write(chunk)
    return written


class _Bounded:
    """A tar stream that refuses to be read further than an honest archive goes, or in one piece of absurd size."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, archive: Path, limit: int) -> None:
        self._stream = stream
        self._archive = archive
        self._limit = limit

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > _LARGEST_READ or self._stream.tell() + size > self._limit:
            raise InputError(
                f"{self._archive} unpacks to far more than its size", remedy="unpack it yourself and name the directory"
            )
        return self._stream.read(size)

    def seek(self, position: int, whence: int = 0) -> int:
        if position > self._limit:
            raise tarfile.ReadError("a member reaches beyond the end")
        return self._stream.seek(position, whence)

    def tell(self) -> int:
        return self._stream.tell()

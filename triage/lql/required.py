"""What text an RE2 pattern cannot match without: read from the pattern, never guessed."""

import re

_OPAQUE = frozenset("dDwWsSpPCX")
_ZERO_WIDTH = frozenset("bBAz")
_CONTROL = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_RUN = re.compile(r"[^\\.\[(){}|*+?^$]+")
_GROUP = re.compile(r"\((?:\?(?:P?<[^>]*>|[imsU-]*:))?")
_FLAGS = re.compile(r"\(\?[imsU-]*\)")
_REPEAT = re.compile(r"(?:[*+?]|\{(\d+)(?:,\d*)?\})\??")
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_CODE = re.compile(r"x\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})|([0-7]{1,3})")
_MAX_DEPTH = 50
_MAX_ALTERNATIVES = 50


def required(pattern: str) -> list[str] | None:
    """Texts of which every match contains at least one, letter case aside; None where none can be told.

    The pattern must be one that RE2 accepts. An empty text never stands in the list.
    """
    try:
        return _Reader(pattern).alternatives(0)
    except _Unclear:
        return None


class _Unclear(Exception):  # noqa: N818 - not an error: nothing can be said of this pattern
    pass


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self, depth: int) -> list[str] | None:
        """The branches up to the closing parenthesis or the end: what one needs, all need one of."""
        if depth > _MAX_DEPTH:
            raise _Unclear
        found: list[str] | None = []
        while True:
            branch = self.sequence(depth)
            found = None if branch is None or found is None else [*found, *branch]
            if not self.pattern.startswith("|", self.at):
                return found if found is None or len(found) <= _MAX_ALTERNATIVES else None
            self.at += 1

    def sequence(self, depth: int) -> list[str] | None:
        """One branch: of all that it needs, the most telling."""
        best: list[str] | None = None
        run = ""
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            piece = self.piece(depth)
            least, repeated = self.repeat()
            if isinstance(piece, str):
                if repeated and piece:
                    # `ab*c`: the run ends before what may be absent, and after what may come again.
                    run, closed = "", run + (piece[:-1] if least == 0 else piece)
                    best = _better(best, [closed])
                else:
                    run += piece
                continue
            best = _better(best, [run])
            run = ""
            if piece is not None and least > 0:
                best = _better(best, piece)
        return _better(best, [run])

    def piece(self, depth: int) -> str | list[str] | None:
        """Literal text (maybe none), what a group needs, or None for anything that may vary."""
        run = _RUN.match(self.pattern, self.at)
        if run:
            self.at = run.end()
            return run.group()
        character = self.pattern[self.at]
        if character == "(":
            return self.group(depth)
        if character == "[":
            return self.one_of()
        self.at += 1
        if character == "\\":
            return self.escape()
        if character == ".":
            return None
        return "" if character in "^$" else character

    def group(self, depth: int) -> str | list[str] | None:
        flags = _FLAGS.match(self.pattern, self.at)
        if flags:
            self.at = flags.end()
            return ""
        opening = _GROUP.match(self.pattern, self.at)
        if not opening:
            raise _Unclear
        self.at = opening.end()
        inner = self.alternatives(depth + 1)
        if not self.pattern.startswith(")", self.at):
            raise _Unclear
        self.at += 1
        return inner

    def one_of(self) -> str | None:
        """A class is literal where it is one character, or one letter in both cases: `[.]`, `[Oo]`."""
        match = _CLASS.match(self.pattern, self.at)
        if not match:
            raise _Unclear
        self.at = match.end()
        inner = match.group()[1:-1]
        if not inner.isascii() or len(inner) > 2 or inner[0] in "^\\":
            return None
        return inner[0] if len(set(inner.lower())) == 1 else None

    def escape(self) -> str | None:
        if self.at >= len(self.pattern):
            raise _Unclear
        if self.pattern.startswith("Q", self.at):
            start, end = self.at + 1, self.pattern.find("\\E", self.at)
            text = self.pattern[start:] if end < 0 else self.pattern[start:end]
            self.at = len(self.pattern) if end < 0 else end + 2
            return text
        code = _CODE.match(self.pattern, self.at)
        if code:
            self.at = code.end()
            hexadecimal = code.group(1) or code.group(2)
            return chr(min(int(hexadecimal, 16), 0x10FFFF) if hexadecimal else int(code.group(3), 8))
        character = self.pattern[self.at]
        self.at += 1
        if character in "pP" and self.pattern.startswith("{", self.at):
            self.at = self.pattern.find("}", self.at) + 1 or len(self.pattern)
        elif character in "pP":
            self.at += 1
        if character in _OPAQUE:
            return None
        return "" if character in _ZERO_WIDTH else _CONTROL.get(character, character)

    def repeat(self) -> tuple[int, bool]:
        """The least number of times the piece before must occur, and whether it is repeated at all."""
        least, repeated = 1, False
        while match := _REPEAT.match(self.pattern, self.at):
            self.at = match.end()
            repeated = True
            mark = match.group()[0]
            least = min(least, 0 if mark in "*?" else 1 if mark == "+" else int(match.group(1)))
        return least, repeated


def _better(one: list[str] | None, other: list[str]) -> list[str] | None:
    """The list whose shortest text is the longer; an empty text tells nothing."""
    if not other or not all(other):
        return one
    return other if one is None or min(map(len, other)) > min(map(len, one)) else one

"""Makes what a log may hold harmless to look at: nothing hides, nothing reorders, nothing runs on.

Every string of an incident passes through `visible` before any renderer sees it, in whatever format. Escaping for
HTML or Markdown comes on top, where the text is written.
"""

import re

BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Characters that reorder what follows (Unicode Standard Annex #9); a source of text that reads as something else."""

_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_NEVER_TEXT = "\ud800-\udfff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
_ALWAYS = f"\x00-\x08\x0b-\x1f\x7f-\x9f{BIDI}{_INVISIBLE}{_NEVER_TEXT}"
_HIDDEN = re.compile(f"[{_ALWAYS}\t\n]")
_HIDDEN_BUT_LINES = re.compile(f"[{_ALWAYS}]")
_COMBINING = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"(?<={_COMBINING}{_COMBINING}){_COMBINING}+")
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def _written_out(match: re.Match[str]) -> str:
    return "".join(_SHORT.get(char) or _code(ord(char)) for char in match[0])


def _code(point: int) -> str:
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def visible(text: str, limit: int, *, lines: bool = False) -> str:
    """`text` with control, bidi, invisible and broken characters written out (`\\x1b`), at most `limit` long.

    `lines` keeps line ends and tabs, for patches and filters. Marks piled on one letter are cut after the second.
    What is cut off ends in an ellipsis.
    """
    head = text[: limit + 1]
    if lines:
        head = head.replace("\r\n", "\n")
    if not (head.isascii() and head.isprintable()):
        head = (_HIDDEN_BUT_LINES if lines else _HIDDEN).sub(_written_out, head)
        head = _PILE.sub(lambda pile: f"\\u{ord(pile[0][0]):04x}…", head)
    return head if len(head) <= limit else head[: limit - 1] + "…"

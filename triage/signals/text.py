"""Messages made safe to show: control characters escaped, bounded length, the telling part inside.

Everything in a log is hostile: a terminal's escape sequences, marks that turn the direction of writing,
lone surrogates.
"""

import re

from triage.lql.literals import fold
from triage.lql.types import restrictions, values
from triage.model.filter import And, Anywhere, Filter, Node, Not, Or, Path, Restriction
from triage.signals.extract import compiled

MAX_MESSAGE = 2_000
"""Characters of a message, by contract."""
_LEAD = 200
"""Characters kept before a telling part that lies far into a long message."""
# C0 and C1 controls, line and paragraph separators, bidirectional and invisible format characters, surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]",
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


# Half a character, written as an escape in JSON: what lies before and behind tells whether its other half is there.
_HALF = re.compile(r"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]..")


def valid(text: str) -> str:
    """The text without lone surrogates, which no engine takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def valid_json(text: str) -> str:
    """JSON text without lone surrogates, plain or escaped."""
    text = valid(text)
    return _HALF.sub(r"\\ufffd", text) if "\\ud" in text or "\\uD" in text else text


def escaped(text: str) -> str:
    """The text with every character that could act on a reader's screen written out, such as `\\x1b`."""
    return _UNSAFE.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def excerpt(message: str, span: tuple[int, int]) -> tuple[str, tuple[int, int]]:
    """The message as shown, and where `span` of the raw message lies in it.

    A long message is cut at its end; where the span would be lost with it, at its start.
    """
    message = message.rstrip()
    start, end = (min(bound, len(message)) for bound in span)
    cut = 0 if end <= MAX_MESSAGE // 2 else max(0, start - _LEAD)
    lead = "…" if cut else ""
    before = lead + escaped(message[cut:start])
    telling = escaped(message[start:end])
    shown = before + telling + escaped(message[end : end + MAX_MESSAGE])
    if len(shown) > MAX_MESSAGE:
        shown = shown[: MAX_MESSAGE - 1] + "…"
    if start == end:
        return shown, (0, 0)
    return shown, (min(len(before), len(shown)), min(len(before) + len(telling), len(shown)))


_SHOWN = frozenset({("jsonPayload", "reason"), ("protoPayload", "methodName"), ("protoPayload", "resourceName")})
"""Fields that a message shows beside the text: an event's reason stands before it."""


def telling(written: Filter, firsts: frozenset[tuple[str, ...]]) -> tuple[tuple[str, bool], ...]:
    """What a wording looks for in the text, as (literal, False) and (pattern, True), longest first.

    `firsts` are the fields that stand for the text. What the filter negates is left out.
    """
    probes: list[tuple[str, bool]] = []
    if written.root is not None:
        shown = firsts | _SHOWN
        for leaf in restrictions(_positive(written.root)):
            if isinstance(leaf, Anywhere):
                probes.append((leaf.text, False))
            elif isinstance(leaf, Restriction) and isinstance(leaf.left, Path) and leaf.left.parts in shown:
                regex = leaf.operator == "=~"
                if regex or leaf.operator in (":", "="):
                    probes += [(value.text, regex) for value in values(_positive(leaf.right)) if not value.special]
    return tuple(sorted(dict.fromkeys(probes), key=lambda probe: -len(probe[0])))


def _positive(node: Node) -> Node:
    """The node without its negated parts; an empty OR where nothing is left."""
    match node:
        case And(terms) | Or(terms):
            return Or(tuple(_positive(term) for term in terms if not isinstance(term, Not)))
        case Not():
            return Or(())
    return node


def mark(message: str, probes: tuple[tuple[str, bool], ...]) -> tuple[int, int]:
    """The longest stretch of the message that one of the probes finds; (0, 0) for none."""
    best = (0, 0)
    for text, regex in probes:
        found = _find(message, text) if not regex else _search(message, text)
        if found[1] - found[0] > best[1] - best[0]:
            best = found
    return best


def _find(message: str, text: str) -> tuple[int, int]:
    lowered = message.lower()
    at = lowered.find(fold(text)) if len(lowered) == len(message) else message.find(text)
    return (at, at + len(text)) if at >= 0 and text else (0, 0)


def _search(message: str, pattern: str) -> tuple[int, int]:
    ready = compiled(pattern)
    found = None if isinstance(ready, str) else ready.search(message)
    return found.span() if found else (0, 0)

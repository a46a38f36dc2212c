"""From text to tokens, each with its span; and the errors that point into the text.

The lexical rules are those of Google's published grammar: unquoted text has a closed set of first characters, only
double quotes quote, `--` opens a comment between terms, and a newline is a blank like any other.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from triage.errors import FilterError
from triage.model.filter import MAX_LENGTH

Kind = Literal["text", "string", "operator", "(", ")", ",", ".", "-", "end"]

KEYWORDS = frozenset({"AND", "OR", "NOT"})

# Said by what is left out: `re` takes ten times as long to compile a class that goes up to U+10FFFF.
_NEVER = r'\x00- "(),.:<=>\\~\x7F-\u00A0'
_ESCAPE = r"\\[^\s]"
# A `!` ends the text where it opens `!=` or `!~`, so that `severity!=ERROR` is what it looks like.
_CHAR = rf"(?:(?!![=~])[^{_NEVER}]|{_ESCAPE})"
TEXT = rf"(?:(?!![=~])[^{_NEVER}0-9+\-]|{_ESCAPE}|-?[0-9]){_CHAR}*+"

_TOKEN = re.compile(
    rf"""
    (?P<blank>(?:[ \t\r\n\f\u00A0]|--[^\n]*+)++)
    |(?P<operator><=|>=|!=|=~|!~|[<>=:])
    |(?P<string>"(?:[^"\\]|\\.)*+")
    |(?P<text>{TEXT})
    |(?P<mark>[(),.\-])
    """,
    re.VERBOSE | re.DOTALL,
)
_BARE = re.compile(TEXT)
_SIMPLE_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"} | {
    mark: mark for mark in '\\",:=<>+~.*'
}
_STRING_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[0-3][0-7]{0,2}|[4-7][0-7]?|.)", re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_EXCERPT_WIDTH = 100


class Token(NamedTuple):
    """One lexical unit. `text` is as written, quotes included; `start` and `end` count characters."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def keyword(self) -> str:
        """AND, OR or NOT where the token is that word, else an empty string."""
        return self.text if self.kind == "text" and self.text in KEYWORDS else ""


def tokenise(text: str) -> list[Token]:
    """All tokens of a filter, the last one of kind `end`.

    Raises FilterError where the text is too long, holds a character that nothing may begin with, or leaves a
    string open.
    """
    if len(text) > MAX_LENGTH:
        message = f"the filter has {len(text):,} characters; the Logging API takes at most {MAX_LENGTH:,}"
        raise fail(message, text, MAX_LENGTH, MAX_LENGTH + 1)
    lone = _SURROGATES.search(text)
    if lone:
        raise fail("half of a surrogate pair is not a character", text, *lone.span())
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if start != at:
            break
        group = match.lastgroup
        if group != "blank":
            kind = match.group() if group == "mark" else group
            yield Token(kind, match.group(), start, end)  # type: ignore[arg-type]  # the groups are the kinds
        at = end
    if at < len(text):
        raise _unreadable(text, at)
    yield Token("end", "", at, at)


def _unreadable(text: str, at: int) -> FilterError:
    if text[at] == '"':
        return fail('this string is never closed: expected another "', text, at, len(text))
    if text[at] == "\\":
        return fail("a backslash must be followed by the character it escapes", text, at, at + 1)
    return fail(f"{_shown(text[at])} cannot stand outside double quotes", text, at, at + 1)


def plain(token: Token) -> str:
    """The text that a string or unquoted text stands for. Escapes count inside quotes only."""
    return unescape(token.text[1:-1]) if token.kind == "string" else token.text


def unescape(body: str) -> str:
    """The text that the inside of a quoted string stands for."""
    decoded = _STRING_ESCAPE.sub(_unescape, body)
    # `\ud83d\ude00` is one character in two halves; a half alone is none.
    return decoded.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) > 1 and code[0] in "ux":
        return chr(int(code[1:], 16))
    if code[0] in "01234567":
        return chr(int(code, 8))
    return _SIMPLE_ESCAPES.get(code, "\\" + code)


def is_bare(text: str) -> bool:
    """Whether the text can be written without quotes and read back as the same, whatever follows it."""
    # A `!` at the end would become one operator with a `=` or `~` behind it.
    return (
        bool(_BARE.fullmatch(text)) and "\\" not in text and text[0] != "'" and text[-1] != "!" and text not in KEYWORDS
    )


def quote(text: str) -> str:
    """The text as a quoted string that reads back as the same."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _CONTROL.sub(_escape, escaped) + '"'


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def fail(message: str, text: str, start: int, end: int) -> FilterError:
    """The error for one place in a filter: line and column from one, and the line with the place underlined."""
    start = min(start, len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    left = max(line_start, start - _EXCERPT_WIDTH // 2)
    right = min(line_end, left + _EXCERPT_WIDTH)
    shown = _SURROGATES.sub("\ufffd", _CONTROL.sub(" ", text[left:right]))
    length = max(1, min(end, right) - start)
    return FilterError(
        message,
        line=text.count("\n", 0, start) + 1,
        column=start - line_start + 1,
        excerpt=f"{shown}\n{' ' * (start - left)}{'^' * length}",
    )


def _shown(character: str) -> str:
    return f"the character U+{ord(character):04X}" if _CONTROL.match(character) else f"`{character}`"

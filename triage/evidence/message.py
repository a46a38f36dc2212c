"""The telling text of a log entry, and how console text becomes plain lines."""

import re

LONGEST = 64 << 10
"""Characters of a message that are kept."""

SERIAL_LOG = "serialconsole.googleapis.com/"
"""How the log ids of serial consoles start."""

_ANSI = re.compile(r"(?:\x1b|\\x1b|\\033)(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")
_HEX = re.compile(r"\\x([0-9a-fA-F]{2})")
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_STAMP = re.compile(r"^\s*\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:?\d\d|Z)\s+[\w.-]+\s+(?=\S)")


def clean_console(text: str) -> str:
    """A serial console's text as the lines that the kernel or a daemon wrote.

    The console escapes what is not printable (`is_text_escaped`): terminal sequences go, escaped blanks become blanks,
    `\\x2d` becomes `-`, and a leading `TIME HOST` is cut off, so that the rest is a normal `kubelet[1949]: …` line.
    """
    plain = _ANSI.sub("", text)
    plain = plain.replace("\\r", "").replace("\\n", "\n").replace("\\t", " ").replace("\t", " ").replace("\r", "")
    plain = _UNICODE.sub(_character, _HEX.sub(_character, plain))
    return _STAMP.sub("", plain).strip()


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if code >= 0x20 and not 0xD800 <= code <= 0xDFFF else ""

"""RE2 patterns: is this one, and how many groups has it."""

import re

import re2

from triage.lql.tokens import fail
from triage.model.filter import Span

_QUIET = re2.Options()
_QUIET.log_errors = False
_SMALL = re.compile(r"(?:[^{\\]|\\[^pP]){0,1000}+", re.DOTALL)
"""Patterns without counts and Unicode classes, whose program is never too large: RE2 takes each that it can parse."""


def check_pattern(pattern: str, text: str, span: Span, *, groups: int | None = None) -> None:
    """Raise FilterError at `span` of `text` where RE2 refuses the pattern, or it has not `groups` groups."""
    if groups is None and _SMALL.fullmatch(pattern) and _parses(pattern):
        return
    try:
        compiled = re2.compile(pattern, _QUIET)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise fail(f"not an RE2 pattern: {reason}", text, *span) from None
    if groups is not None and compiled.groups != groups:
        message = f"expected a pattern with exactly one (group), this one has {compiled.groups or 'none'}"
        raise fail(message, text, *span)


def _parses(pattern: str) -> bool:
    """Whether RE2 can parse the pattern: a set takes it before it compiles, which costs ten times as much."""
    try:
        re2.Set.SearchSet(_QUIET).Add(pattern)
    except re2.error:
        return False
    return True

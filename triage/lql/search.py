"""The words of SEARCH: how text falls into tokens, as RE2 patterns that both SQL engines run.

The delimiters are those of BigQuery's LOG_ANALYZER (BigQuery reference, "Text analysis"); a token matches whole, in any
letter case; words between backquotes must follow each other exactly.
"""

import re

import re2

_ENCODED = [
    "%2526",
    "%2520",
    "%21",
    "%26",
    "%3B",
    "%3b",
    "%7C",
    "%7c",
    "%20",
    "%2B",
    "%2b",
    "%3D",
    "%3d",
    "%5D",
    "%5d",
    "%5B",
    "%5b",
    "%3A",
    "%3a",
    "%0A",
    "%0a",
    "%2C",
    "%2c",
    "%28",
    "%29",
]
_CLASS = r"[\s\[\]<>(){}|!;,'\"*&?+/:=@.$%\\_\-]"
_DELIMITER = re.compile("|".join([*_ENCODED, _CLASS]), re.ASCII)
_RE2_DELIMITER = f"(?:{'|'.join(_ENCODED)}|{_CLASS})"
_PHRASE = re.compile(r"`([^`]*)`")


def search_patterns(query: str) -> list[tuple[str, str]]:
    """A pattern and the words it looks for, per token or phrase of a SEARCH query.

    Text matches the query when every pattern is found in it.
    """
    phrases = [phrase.strip() for phrase in _PHRASE.findall(query)]
    tokens = _DELIMITER.split(_PHRASE.sub(" ", query).replace("`", " "))
    wanted = dict.fromkeys([*filter(None, phrases), *filter(None, tokens)])
    return [(f"(?i)(?:^|{_RE2_DELIMITER}){re2.escape(part)}(?:$|{_RE2_DELIMITER})", part) for part in wanted]

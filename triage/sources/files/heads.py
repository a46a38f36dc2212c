"""Conditions on an entry's head – log name, resource type, severity – as SQL over three columns.

The scan puts these to every entry, so they look at columns that are there already, never at the entry's JSON. They may
let too much pass (the whole filters judge later), never too little.
"""

import re
from urllib.parse import quote

from triage.lql.types import SEVERITIES
from triage.model.filter import And, Call, Filter, Node, Not, Or, Path, Restriction, Value
from triage.sources.files.sql import quoted

_COLUMNS = {"logname": "log_name", "log_name": "log_name", "resource.type": "rtype", "severity": "severity"}
_EVERYTHING = "true"


def head_sql(head: Filter) -> str:
    """A head filter as SQL over the text columns `log_name`, `rtype` and `severity` (each NULL where absent)."""
    return _EVERYTHING if head.root is None else _node(head.root)


def _node(node: Node) -> str:
    match node:
        case And(terms):
            return "(" + " AND ".join(_node(term) for term in terms) + ")"
        case Or(terms):
            return "(" + " OR ".join(_node(term) for term in terms) + ")"
        case Call("log_id", args) if len(args) == 1 and isinstance(args[0], Value):
            return _log_id(args[0].text)
        case Restriction(Path(parts), operator, right):
            column = _COLUMNS.get(".".join(parts).lower())
            return _operand(column, operator, right) if column else _EVERYTHING
        case _:
            return _EVERYTHING  # a NOT, too: what it lets pass is not known to be too much


def _log_id(log_id: str) -> str:
    # In names the id is URL-encoded; filters may say it either way. Sink files are as Logging writes them.
    encoded = log_id if "%" in log_id else quote(log_id, safe="")
    return f"ends_with(lower(log_name), {quoted('/logs/' + encoded.lower())})"


def _operand(column: str, operator: str, right: Node) -> str:
    match right:
        case And(terms):
            return "(" + " AND ".join(_operand(column, operator, term) for term in terms) + ")"
        case Or(terms):
            return "(" + " OR ".join(_operand(column, operator, term) for term in terms) + ")"
        case Not() | Restriction():
            return _EVERYTHING
        case Value(text, special) if not special and text.isascii():
            return _severity(operator, text) if column == "severity" else _text(column, operator, text)
        case _:
            return _EVERYTHING


def _text(column: str, operator: str, text: str) -> str:
    if operator == "=":
        return f"lower({column}) = {quoted(text.lower())}"
    if operator == ":":
        return f"contains(lower({column}), {quoted(text.lower())})"
    if operator == "=~":
        return f"regexp_matches({column}, {quoted(text)})"
    return _EVERYTHING


def _severity(operator: str, text: str) -> str:
    level = SEVERITIES.get(text.upper(), int(text) if re.fullmatch(r"\d{1,3}", text) else None)
    if level is None or operator not in ("=", ">", ">=", ":"):
        return _EVERYTHING
    found = (
        "CASE upper(severity) " + " ".join(f"WHEN '{name}' THEN {n}" for name, n in SEVERITIES.items()) + " ELSE 0 END"
    )
    return f"({found} {'=' if operator == ':' else operator} {level})"

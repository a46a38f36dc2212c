"""A condition that every matching entry fulfils, cheap enough to put to each raw line before anything is parsed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import re2

from triage.lql import literals as lit
from triage.lql.required import required
from triage.lql.search import search_patterns
from triage.lql.types import Field, Kind, resolve
from triage.model.filter import And, Anywhere, Call, Filter, Node, Or, Path, Restriction, Value

# What no JSON writer escapes: printable ASCII but quotes, backslash, slash, and what writers hide from HTML.
SAFE = re.compile(r"""[ !#$%()*+,\-.0-9:;?@A-Z\[\]^_`a-z{|}~]+""")

# Code points beyond ASCII whose NFKC_Casefold holds an ASCII character, or nothing (and some that lie between).
FOLDING = (
    "A0-BE DF 130-133 13F-140 149 17F 1C4-1CC 1F1-1F3 2B0-2B8 2D8-2E3 34F 37A-385 61C 115F-1160 17B4-17B5 "
    "180B-180F 1D2C-1D65 1D9C-1DA0 1DBB 1E9A-1E9E 1FBD-1FC1 1FCD-1FCF 1FDD-1FDF 1FED-1FEF 1FFD-200F 2017 "
    "2024-2026 202A-202F 203C-203E 2047-2049 205F-2071 2074-209C 20A8 2100-213B 2145-217F 2189 2460-24EA "
    "2A74-2A76 2C7C-2C7D 3000 309B-309C 3164 3200-3243 3250-325F 32B1-32CF 3358-33FF A7F2-A7F4 FB00-FB06 "
    "FB29 FC5E-FC63 FDFA-FE19 FE30-FE38 FE47-FE7E FEFF-FF5E FFA0 FFE3 FFF0-FFF8 107A5 1BCA0-1BCA3 "
    "1D173-1D17A 1D400-1D6A3 1D7CE-1D7FF 1F100-1F14F 1F16A-1F16C 1F190 1FBF0-1FBF9 E0000-E0FFF"
)
FOLDS_TO_ASCII = "[" + re.sub(r"([0-9A-F]+)", r"\\x{\1}", FOLDING).replace(" ", "") + "]"
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_ESCAPED = r"\\u(?:00[ab]|0[1-9a-f]|[1-9a-f][0-9a-f])"

_SHORTEST = 3
"""A shorter literal stands in almost every line."""

_PAYLOADS = ("jsonPayload", "textPayload", "protoPayload")
_HEADS = (("logName",), ("resource", "type"), ("severity",))


@dataclass(frozen=True, slots=True)
class Necessary:
    """An entry can match only if its text contains one of `literals`, whatever the letter case, or a `head` holds.

    The text is the entry's JSON as it lies in a file. The literals are lower-case ASCII that JSON never escapes; they
    come from conditions on the payload and from global restrictions (which look at the rest of the entry, too). `head`
    are filters on logName, resource.type and severity alone. With `literals` None and no head nothing can be said:
    every entry may match.
    """

    literals: frozenset[str] | None = None
    head: tuple[Filter, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether any entry can be ruled out."""
        return self.literals is not None or bool(self.head)


def necessary(filter: Filter) -> Necessary:  # noqa: A002 - the language's own word
    """What an entry must fulfil to have a chance with the filter. Raises FilterError for an undefined field."""
    return Necessary() if filter.root is None else _node(filter.root, filter.text)


def any_necessary(conditions: Iterable[Necessary]) -> Necessary:
    """What an entry must fulfil to have a chance with one of several filters."""
    found: set[str] = set()
    heads: dict[Filter, None] = {}
    for condition in conditions:
        if not condition.narrows:
            return Necessary()
        found |= condition.literals or set()
        heads |= dict.fromkeys(condition.head)
    return Necessary(frozenset(found) or None, tuple(heads))


def regex_of(literals: Iterable[str]) -> str:
    """One RE2 pattern that finds any of the literals, in any letter case.

    It also lets pass what comparisons would fold to ASCII (`ＯＯＭ`, ligatures, a soft hyphen inside a word), plain or
    as a JSON escape, so that no matching entry is lost.
    """
    # In any letter case, the class would find every `k` and `s`: the Kelvin sign and the long s are among its members.
    return "(?i:" + "|".join(map(re2.escape, sorted(shortest(literals)))) + f")|{FOLDS_TO_ASCII}|{_ESCAPED}"


def shortest(literals: Iterable[str]) -> list[str]:
    """The literals without those that hold another one of them."""
    kept: list[str] = []
    for literal in sorted(set(literals), key=lambda text: (len(text), text)):
        if not any(map(literal.__contains__, kept)):
            kept.append(literal)
    return kept


def _node(node: Node, text: str) -> Necessary:
    match node:
        case And(terms):
            return _narrowest([_node(term, text) for term in terms])
        case Or(terms):
            return any_necessary([_node(term, text) for term in terms])
        case Anywhere(word):
            return _value(word)
        case Call():
            return _call(node, text)
        case Restriction(Path(), _, _):
            return _restriction(node, text)
        case _:
            return Necessary()


def _restriction(node: Restriction, text: str) -> Necessary:
    if not isinstance(node.left, Path):
        return Necessary()
    field = resolve(node.left, text)
    if _is_head(field, node):
        return Necessary(head=(Filter(node),))
    return operand(node.operator, node.right) if field.keys[0] in _PAYLOADS else Necessary()


def _is_head(field: Field, node: Restriction) -> bool:
    """A positive condition on one of the fields that a line's head gives away."""
    if field.keys not in _HEADS or not _is_positive(node.right):
        return False
    return node.operator in ("=", ":", "=~") or (field.kind is Kind.SEVERITY and node.operator in (">", ">="))


def _is_positive(right: Node) -> bool:
    match right:
        case And(terms) | Or(terms):
            return all(_is_positive(term) for term in terms)
        case Value(_, special):
            return not special
        case _:
            return False


def operand(operator: str, right: Node) -> Necessary:
    """What the comparison of some field with a value or a list of values cannot do without."""
    match right:
        case And(terms):
            return _narrowest([operand(operator, term) for term in terms])
        case Or(terms):
            return any_necessary([operand(operator, term) for term in terms])
        case Value(_, special) if special:
            return Necessary()
        case Value(text) if operator == "=~":
            return _pattern(text)
        case Value(text) if operator in ("=", ":"):
            return _value(text)
        case _:
            return Necessary()


@lru_cache(maxsize=4096)
def _pattern(text: str) -> Necessary:
    # Asked once for each field that may hold the text, and again for telling entries apart.
    # A pattern is not folded: what it wants beyond ASCII stands as it is.
    return _one_of([_BEYOND_ASCII.sub("\n", part) for part in required(text) or []])


@lru_cache(maxsize=4096)
def _value(text: str) -> Necessary:
    """A text that is compared with values; a number among them has many spellings in JSON."""
    return Necessary() if lit.number(text) is not None else _one_of([text])


def _call(node: Call, text: str) -> Necessary:
    if node.name == "log_id":
        return Necessary(head=(Filter(node),))
    if node.name != "search":
        return Necessary()
    query = node.args[-1]
    if isinstance(node.args[0], Path) and resolve(node.args[0], text).keys[0] not in _PAYLOADS:
        return Necessary()
    words = [word for _, word in search_patterns(query.text)] if isinstance(query, Value) else []
    return _narrowest([_one_of([word]) for word in words])


def _one_of(texts: list[str] | None) -> Necessary:
    """One of the texts must occur: the longest part of each that survives JSON's escaping."""
    found = [max(SAFE.findall(lit.fold(text)), key=len, default="") for text in texts or []]
    return Necessary(frozenset(found)) if found and min(map(len, found)) >= _SHORTEST else Necessary()


def _narrowest(conditions: list[Necessary]) -> Necessary:
    """All must hold, so the most telling one is enough: literals before heads, long before short, few before many."""
    useful = [condition for condition in conditions if condition.narrows]
    plain = [condition for condition in useful if condition.literals is not None and not condition.head]
    if plain:
        return max(plain, key=lambda c: (min(map(len, c.literals or ())), -len(c.literals or ())))
    heads = [condition for condition in useful if condition.literals is None and len(condition.head) == 1]
    if len(heads) > 1:
        roots = [head.head[0].root for head in heads]
        return Necessary(head=(Filter(And(tuple(root for root in roots if root is not None))),))
    return useful[0] if useful else Necessary()

"""Many filters in few requests: the Logging API counts requests, and takes filters of at most 20,000 characters."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from triage.errors import FilterError
from triage.lql.parse import parse
from triage.lql.print import node_text, path_text, to_text
from triage.model.filter import MAX_LENGTH, And, Call, Filter, Node, Or, Path, Restriction, Value
from triage.units import format_time

WINDOW_ROOM = 100
"""How many characters `and_window` adds at most."""

_HEADS = ("logName", "resource", "severity")


@dataclass
class _Group:
    """Filters that begin alike: the shared conditions, and what each adds (an empty list: nothing, all of it)."""

    head: str
    rests: dict[str, None] = field(default_factory=dict)
    whole: bool = False


def fold(filters: Iterable[Filter], *, limit: int = MAX_LENGTH) -> list[str]:
    """As few texts as possible which together match what any of the filters matches, each at most `limit` characters.

    Each is in the normal spelling. Filters on the same resource types, logs and severities share these conditions;
    equal alternatives are written once; comparisons of one field become one value list. Leave `WINDOW_ROOM` in the
    limit for `and_window`. Raises FilterError where one filter alone is longer than the limit.
    """
    groups: dict[str, _Group] = {}
    alone: list[str] = []
    for each in dict.fromkeys(filters):
        if each.root is None:
            return [""]
        if len(to_text(each)) <= limit:
            _add(groups, each.root)
        elif each.text and len(each.text) <= limit:
            # Quotes and ANDs of the normal spelling made it too long; its author's spelling fits.
            alone.append(each.text)
        else:
            raise FilterError(f"the filter is longer than {limit:,} characters; split it at one of its ORs")
    return [*alone, *_packed(list(_pieces(groups.values(), limit)), limit)]


def _add(groups: dict[str, _Group], root: Node) -> None:
    for alternative in root.terms if isinstance(root, Or) else (root,):
        terms = alternative.terms if isinstance(alternative, And) else (alternative,)
        texts = {node_text(term): term for term in terms}
        head = _all(sorted(text for text, term in texts.items() if _is_head(term)))
        rest = [term for term in texts.values() if not _is_head(term)]
        group = groups.setdefault(head, _Group(head))
        if rest:
            group.rests[_all([node_text(term) for term in rest])] = None
        else:
            group.whole = True


def _is_head(term: Node) -> bool:
    match term:
        case Call("log_id"):
            return True
        case Restriction(Path(parts), _, _):
            return parts[0] in _HEADS
        case Or(terms):
            return all(_is_head(inner) for inner in terms)
        case _:
            return False


def _all(texts: list[str]) -> str:
    return " AND ".join(texts)


def _pieces(groups: Iterable[_Group], limit: int) -> Iterator[str]:
    """Texts that can be joined with OR: a group each, or several of them where one would be too long."""
    for group in groups:
        if group.whole:
            yield _grouped(group.head)
        elif not group.head:
            for rest in _merged(list(group.rests), limit):
                yield _grouped(rest)
        else:
            room = limit - len(group.head) - len("( AND ())")
            rests = [_grouped(rest) for rest in _merged(list(group.rests), room)]
            for part in _packed(rests, room):
                yield f"({group.head} AND ({part}))" if " OR " in part else f"({group.head} AND {part})"


def _grouped(text: str) -> str:
    """Parentheses around an AND; OR binds tighter and needs none."""
    root = parse(text).root
    return f"({text})" if isinstance(root, And) else text


def _merged(rests: list[str], limit: int) -> list[str]:
    """Comparisons of one field with one value each become value lists."""
    lists: dict[tuple[str, str], list[str]] = {}
    merged: list[str] = []
    for rest in rests:
        root = parse(rest).root
        single = isinstance(root, Restriction) and isinstance(root.left, Path) and isinstance(root.right, Value)
        if (
            single
            and isinstance(root, Restriction)
            and isinstance(root.left, Path)
            and root.operator in ("=", ":", "=~")
        ):
            left = path_text(root.left)
            lists.setdefault((left, root.operator), []).append(rest[len(left) + len(root.operator) :])
        else:
            merged.append(rest)
    for (left, operator), values in lists.items():
        room = limit - len(left) - len(operator) - len("()")
        parts = _packed(values, room)
        merged.extend(left + operator + (part if part in values else f"({part})") for part in parts)
    return merged


def _packed(texts: list[str], limit: int) -> list[str]:
    """The texts joined with OR into as few as fit the limit, in order."""
    packed: list[str] = []
    for text in texts:
        joined = f"{packed[-1]} OR {text}" if packed else text
        if packed and len(joined) <= limit:
            packed[-1] = joined
        else:
            packed.append(text)
    return packed


def and_window(text: str, start: datetime | None, end: datetime | None) -> str:
    """The filter, only for entries whose timestamp lies between start and end, both inclusive; None leaves a side open.

    Raises FilterError where the text is no filter, or grows over 20,000 characters.
    """
    bounds = [f'timestamp{how}"{format_time(at)}"' for how, at in ((">=", start), ("<=", end)) if at is not None]
    if parse(text).root is None:
        return _all(bounds)
    # AND binds loosest, so the filter needs no parentheses; a comment at its end does need its newline.
    windowed = _all([text.rstrip() + ("\n" if "--" in text else ""), *bounds]) if bounds else text
    if len(windowed) > MAX_LENGTH:
        message = f"with its time window, the filter is longer than {MAX_LENGTH:,} characters"
        raise FilterError(message)
    return windowed

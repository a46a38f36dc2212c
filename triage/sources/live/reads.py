"""Few, broad reads: the API allows about sixty requests a minute, so it is not asked signal by signal.

What comes back is a superset; the signals' own filters tell it apart when the bundle is read, as with any files.
"""

from collections.abc import Iterable, Sequence

from triage.lql import fold, necessary, parse, to_text
from triage.model.filter import MAX_LENGTH
from triage.model.signal import Pack

SCOPE_ROOM = 4_000
"""What `scope.within` may add to a read: the window, and the cluster's name and its VMs' name prefixes."""

_LIMIT = MAX_LENGTH - SCOPE_ROOM
_CONTAINERS = 'resource.type=("k8s_container" OR "container")'
# Data access audits would need a permission of their own, and no signal looks at them.
_NODES = f'-{_CONTAINERS} -log_id("cloudaudit.googleapis.com/data_access")'


def broad_reads(pack: Pack) -> tuple[str, ...]:
    """Filters for the Logging API that together bring every entry that the pack wants.

    Three kinds: what is kept for its kind alone (audits, node events, …), by whole filters; everything but container
    logs that holds a literal of any wording; container logs that hold one of a wording which is looked for in them.
    Each leaves `SCOPE_ROOM` in the API's length of a filter. Raises FilterError where one wording alone is too long.
    """
    whole = [found for name, found in pack.wanted.items() if name.startswith("keep/")]
    nodes: set[str] = set()
    containers: set[str] = set()
    for signal in pack.signals:
        for wording in signal.detect:
            needed = necessary(parse(wording.filter))
            if needed.literals is None or needed.head:
                whole.append(pack.wanted[f"{signal.id}/{wording.name}"])
                continue
            if "container" in wording.stream:
                containers |= needed.literals
            if set(wording.stream) - {"container"}:
                nodes |= needed.literals
    return (
        *fold(whole, limit=_LIMIT),
        *_holding(nodes, _NODES),
        *_holding(containers, _CONTAINERS),
    )


def _holding(literals: Iterable[str], where: str) -> Sequence[str]:
    """Reads for entries of `where` that hold one of the literals in any of their fields."""
    texts: list[str] = []
    chosen: list[str] = []
    room = _LIMIT - len(where) - 10
    for literal in _shortest(literals):
        quoted = f'"{literal}"'
        if sum(len(c) + 4 for c in chosen) + len(quoted) > room:
            texts.append(f"{where} ({' OR '.join(chosen)})")
            chosen = []
        chosen.append(quoted)
    if chosen:
        texts.append(f"{where} ({' OR '.join(chosen)})")
    return [to_text(parse(text)) if len(to_text(parse(text))) <= _LIMIT else text for text in texts]


def _shortest(literals: Iterable[str]) -> list[str]:
    """The literals without those that hold another one, in order."""
    kept: list[str] = []
    for literal in sorted(set(literals), key=lambda text: (len(text), text)):
        if not any(short in literal for short in kept):
            kept.append(literal)
    return sorted(kept)

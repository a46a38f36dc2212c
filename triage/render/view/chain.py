"""The causal chain: each link with the lines that show it, and how often it was seen."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from triage.model.incident import Cause, ChainLink, Incident, Line, OccurrenceSummary, SignalInfo
from triage.model.links import log_entries_filter, logs_query_url
from triage.render import words
from triage.render.links import safe_link

_MOST_LINES = 4
"""Lines under the first link; the later ones, which follow from it, show half as many."""
_MOST_MORE = 8
_LONGEST_WORD = 160
_IN_WORD = re.compile(r"[\w./-]")
_WORD_BEFORE = re.compile(r"[\w./-]+\Z")
_WORD_AFTER = re.compile(r"[\w./-]*\w")


@dataclass(frozen=True)
class Quote:
    """A log line, in three parts so that the telling one can be marked."""

    moment: str
    time: str
    node: str
    stream: str
    before: str
    told: str
    after: str
    link: str | None
    insert_id: str
    workload: str


@dataclass(frozen=True)
class Statistic:
    """A figure, and how it was come by."""

    text: str
    method: str


@dataclass(frozen=True)
class Step:
    """One signal of the chain. `because` says how it brings on the next."""

    number: int
    id: str
    title: str
    role: str
    description: str
    seen: str
    statistics: tuple[Statistic, ...]
    quotes: tuple[Quote, ...]
    more: tuple[Quote, ...]
    left_out: int
    query: str
    query_link: str | None
    query_too_long: bool
    """Whether a link is missing because no address could hold the query."""
    query_left_out: int
    """Wordings that the query leaves out, because an address can't hold them."""
    lines_link: str | None
    """Opens the quoted lines, and nothing else."""
    references: tuple[tuple[str, str], ...]
    falsepositives: tuple[str, ...]
    variants: tuple[str, ...]
    because: str
    because_seen: str


def quote(line: Line, most: int = 2_000) -> Quote:
    """A line ready to be shown, at most so many characters of it; a mark that makes no sense is left out."""
    message = line.message if len(line.message) <= most else line.message[: most - 1] + "…"
    start, end = line.mark or (0, 0)
    if not 0 <= start < end <= len(message):
        start = end = len(message)
    start, end = _whole_words(message, start, end)
    return Quote(
        moment=line.timestamp.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        time=words.day_and_clock(line.timestamp),
        node=line.node or "",
        stream=line.stream,
        before=message[:start],
        told=message[start:end],
        after=message[end:],
        link=safe_link(line.console_url),
        insert_id=line.insert_id or "",
        workload=line.workload or "",
    )


def _whole_words(message: str, start: int, end: int) -> tuple[int, int]:
    """The mark, widened where it ends inside a word, a path or a dotted name; not where that runs on for long."""
    if start == end:
        return start, end
    before = _WORD_BEFORE.search(message[max(0, start - _LONGEST_WORD) : start])
    after = _WORD_AFTER.match(message[end : end + _LONGEST_WORD])
    if before and _IN_WORD.match(message[start]) and len(before[0]) < _LONGEST_WORD:
        start -= len(before[0])
    if after and _IN_WORD.match(message[end - 1]) and len(after[0]) < _LONGEST_WORD:
        end += len(after[0])
    return start, end


def chain(incident: Incident) -> tuple[Step, ...]:
    """The verdict's chain, upstream first."""
    ids = incident.verdict.chain
    lines = lines_by_signal(incident)
    steps = []
    for number, signal in enumerate(ids, 1):
        link = next(
            (one for one in incident.verdict.links if one.cause == signal and ids[number:][:1] == (one.effect,)), None
        )
        steps.append(_step(incident, number, signal, lines.get(signal, []), link))
    return tuple(steps)


def causes(incident: Incident) -> tuple[Step, ...]:
    """The ranked causes that are not in the chain: what else explains some of the episodes."""
    lines = lines_by_signal(incident)
    others = [cause for cause in incident.causes if cause.signal not in incident.verdict.chain][:12]
    return tuple(_step(incident, cause.rank, cause.signal, lines.get(cause.signal, []), None) for cause in others)


def lines_by_signal(incident: Incident) -> dict[str, list[Line]]:
    """Every line of evidence under its signal, each once, causes' own lines first."""
    found: defaultdict[str, list[Line]] = defaultdict(list)
    seen = set()
    owned = [(line, cause.signal) for cause in incident.causes for line in cause.evidence]
    owned += [(line, "") for episode in incident.episodes for line in episode.evidence]
    for line, owner in owned:
        key = (line.timestamp, line.node, line.message)
        if key not in seen:
            seen.add(key)
            found[line.signal or owner].append(line)
    return found


def title_of(incident: Incident, signal: str) -> str:
    """What people call a signal."""
    info = _info(incident, signal)
    return info.title if info else signal


def _info(incident: Incident, signal: str) -> SignalInfo | None:
    return next((one for one in incident.signals if one.id == signal), None)


def _step(incident: Incident, number: int, signal: str, lines: Sequence[Line], link: ChainLink | None) -> Step:
    info = _info(incident, signal)
    cause = next((one for one in incident.causes if one.signal == signal), None)
    summary = next((one for one in incident.occurrences if one.signal == signal), None)
    varied = _varied(lines)
    shown = _MOST_LINES if number == 1 else _MOST_LINES // 2
    return Step(
        number=number,
        id=signal,
        title=(cause.title if cause and cause.title else "") or (info.title if info else signal),
        role=info.role.value if info else (summary.role.value if summary and summary.role else "context"),
        description=info.description.strip() if info else "",
        seen=_seen(summary),
        statistics=tuple(_statistics(cause)) if cause else (),
        quotes=tuple(quote(line) for line in varied[:shown]),
        more=tuple(quote(line) for line in varied[shown : shown + _MOST_MORE]),
        left_out=max(0, len(varied) - shown - _MOST_MORE),
        query=cause.query if cause else "",
        query_link=safe_link(cause.query_url) if cause else None,
        query_too_long=bool(cause and cause.query and incident.cluster.project and not safe_link(cause.query_url)),
        query_left_out=cause.query_left_out if cause else 0,
        lines_link=_lines_link(incident, varied[: shown + _MOST_MORE]),
        references=tuple((r.what, r.url) for r in info.references if safe_link(r.url)) if info else (),
        falsepositives=info.falsepositives if info else (),
        variants=tuple(one for one in cause.variants if one != signal) if cause else (),
        because=link.because if link else "",
        because_seen=_link_seen(link) if link else "",
    )


def _lines_link(incident: Incident, lines: Sequence[Line]) -> str | None:
    """What reopens the lines that a reader sees, where their ids are known."""
    known = [line for line in lines if line.insert_id]
    if not known:
        return None
    moments, second = [line.timestamp for line in known], timedelta(seconds=1)
    query = log_entries_filter([line.insert_id or "" for line in known])
    return safe_link(logs_query_url(query, incident.cluster.project, min(moments) - second, max(moments) + second))


def _varied(lines: Iterable[Line]) -> list[Line]:
    """Lines in time order, those first that add a node or a kind of log not yet shown."""
    fresh: list[Line] = []
    rest: list[Line] = []
    seen = set()
    for line in sorted(lines, key=lambda one: (one.timestamp, one.node or "", one.message)):
        key = (line.node, line.stream)
        (rest if key in seen else fresh).append(line)
        seen.add(key)
    return fresh + rest


def _seen(summary: OccurrenceSummary | None) -> str:
    if summary is None:
        return ""
    text = f"{summary.count:,}×"
    if summary.nodes:  # GKE's own operations name none
        text += f" on {words.count(len(summary.nodes), 'node')}"
    if summary.episodes:
        text += f", in {words.count(summary.episodes, 'episode')}"
    return text


def _link_seen(link: ChainLink) -> str:
    text = f"seen in this order in {words.count(link.episodes, 'episode')}"
    if link.median_gap_s is None:
        return text
    gap = f"{words.length(link.median_gap_s)} apart" if link.median_gap_s >= 1 else "at the same moment"
    return f"{text}, {gap} (median)"


def _statistics(cause: Cause) -> Iterable[Statistic]:
    yield Statistic(
        f"explains {words.of(cause.episodes_explained, cause.episodes_total, 'episode')}",
        "An episode counts as explained where this signal was seen on its node, in the episode or its lead-up, "
        "upstream of what followed.",
    )
    contrast = cause.contrast
    if contrast and contrast.cases:
        controls = contrast.controls_same_node + contrast.controls_other_nodes
        with_it = contrast.controls_same_node_with + contrast.controls_other_nodes_with
        text = f"{contrast.cases_with:,} of {contrast.cases:,} lead-ups, {with_it:,} of {controls:,} control windows"
        yield Statistic(text, contrast.method)
    if cause.rate_ratio is not None:
        band = ""
        if contrast and contrast.ratio_low is not None and contrast.ratio_high is not None:
            band = f" ({words.ratio(contrast.ratio_low)} to {words.ratio(contrast.ratio_high)})"
        tests = f" Corrected for {contrast.tests:,} tests (Benjamini–Hochberg)." if contrast else ""
        q_value = f", {words.p_value(cause.q_value, 'q')}" if cause.q_value is not None else ""
        yield Statistic(
            f"{words.ratio(cause.rate_ratio)} as frequent before episodes{band}{q_value}",
            "Share of lead-up windows with the signal over the share of control windows with it; windows are the unit, "
            f"never lines.{tests}",
        )
    if cause.lead_time_s is not None:
        spread = (
            f" (middle half {words.length(cause.lead_iqr_s[0])} to {words.length(cause.lead_iqr_s[1])})"
            if cause.lead_iqr_s
            else ""
        )
        text = f"{words.length(cause.lead_time_s)} before NotReady{spread}"
        yield Statistic(text, f"Median over {words.count(cause.leads, 'episode')} in which it came before NotReady.")

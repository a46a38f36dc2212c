"""Markdown for a ticket or a chat message: the verdict first, all of it within what a support case's comment holds.

What comes from logs is shown as code, where neither GitHub nor a chat reads mentions, links or markup. The rest is
escaped for CommonMark (every ASCII punctuation character may follow a backslash) and GitHub's extensions.
"""

import re
from collections.abc import Iterator, Sequence

from triage.model.incident import Incident
from triage.model.signal import Step
from triage.render import words
from triage.render.charts.lanes import PLANNED
from triage.render.links import safe_link
from triage.render.redact import Replaced
from triage.render.view.budget import budget_sentence
from triage.render.view.chain import chain, lines_by_signal
from triage.render.view.coverage import redaction_sentence
from triage.render.view.first import first_screen
from triage.render.view.support import support_block
from triage.render.view.tables import ended_by

LONGEST = 12_000
"""A comment on a Google Cloud support case holds 12,800 characters."""
_LONGEST_LINE = 400
_LONGEST_PROSE = 500
_LONGEST_SUMMARY = 1_000
_LONGEST_SPAN = 300
_MOST_EPISODES = 20

_SPECIAL = re.compile(r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|^[-+=#](?=\s|$|[-+=#])|^#")
_NUMBERED = re.compile(r"^(\d+)(?=[.)](?:\s|$))")
_CALLS = re.compile(r"(?:@(?=\w)|#(?=\d)|\bGH-(?=\d)|\bwww(?=\.))")


def prose(text: str, most: int = _LONGEST_PROSE) -> str:
    """Text that reads as itself: no markup, no link, no mention of a person, on one line, at most `most` characters.

    Only what would mean something is escaped, so that the source reads well too. A word joiner (U+2060) keeps `@name`,
    `#1` and `www.` from becoming mentions and links, where a backslash would not.
    """
    flat = _short(" ".join(text.split()), most)
    escaped = _SPECIAL.sub(lambda found: "\\" + found[0], flat)
    escaped = _NUMBERED.sub(lambda found: found[1] + "\\", escaped)
    return _CALLS.sub(lambda found: found[0] + "\u2060", escaped)


def span(text: str) -> str:
    """Text as inline code, whatever backticks it holds; in a table it needs `cell` on top."""
    flat = _short(" ".join(text.split()), _LONGEST_SPAN) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", flat)), default=0))
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def cell(text: str) -> str:
    """Inline code inside a table row: GitHub splits cells at every bare pipe, code or not."""
    return span(text).replace("|", "\\|")


def block(text: str, language: str = "") -> str:
    """Text as a fenced block whose fence is longer than any run of backticks in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def markdown(incident: Incident, replaced: Sequence[Replaced] = (), *, redacted: bool) -> str:
    """The report as Markdown; the head always fits; what else doesn't is named at the end, never cut in its middle."""
    parts, left_out, length = [], [], 0
    for title, body in _sections(incident):
        text = (f"### {title}\n\n" if title else "") + body.strip() + "\n"
        if title and length + len(text) > LONGEST - 1200:
            left_out.append(title.lower())
            continue
        parts.append(text)
        length += len(text) + 1
    provenance = incident.provenance
    foot = f"triage {prose(provenance.version)}, {words.utc(provenance.generated)}. "
    foot += prose(redaction_sentence(tuple(replaced), redacted=redacted))
    foot += f" Left out here for length, in the HTML report: {words.listed(left_out, 9)}." if left_out else ""
    return "\n".join([*parts, f"---\n{foot}\n"])


def _sections(incident: Incident) -> Iterator[tuple[str, str]]:
    yield "", _head(incident)
    actions = incident.verdict.actions
    if actions:
        yield "What to do now", "\n".join(_steps(actions))
    if incident.verdict.missing:
        settled = incident.verdict.cause is not None or not incident.episodes
        yield "What would make it surer" if settled else "What would settle it", "\n".join(_missing(incident))
    if incident.verdict.chain:
        yield "How one thing led to the next", "\n".join(_chain(incident))
    if incident.episodes:
        yield "Episodes", "\n".join(_episodes(incident))
    against = [f"- {prose(one)}" for one in incident.verdict.against[:8]]
    against += [f"- {prose(r.title)}: {prose(r.reason)}" for r in incident.verdict.rivals[:6]]
    if against:
        yield "Evidence against, and other explanations", "\n".join(against)
    if incident.findings:
        rows = [
            f"- **{prose(f.severity)}** {span(f.workload or f.check)}: {prose(f.message)}"
            for f in incident.findings[:12]
        ]
        yield "What widened the damage", "\n".join(rows)
    yield "What was not seen", "\n".join(_gaps(incident))
    yield "For a support case", block(support_block(incident))


def _head(incident: Incident) -> str:
    first, cluster = first_screen(incident), incident.cluster
    place = " ".join(span(part) for part in (cluster.name, cluster.project, cluster.location) if part)
    lines = [f"## {prose(first.title)}", "", f"**Confidence: {first.confidence}.** {prose(first.reason)}".rstrip(), ""]
    if first.summary:
        lines += [prose(first.summary, _LONGEST_SUMMARY), ""]
    lines.append(f"- Cluster: {place}, {prose(words.span(incident.window.start, incident.window.end))}")
    for fact in first.facts:
        value = span(fact.value) if fact.name else prose(fact.value)
        lines.append(f"- {fact.label}: {value}" + (f" – {prose(fact.note)}" if fact.note else ""))
    budget = budget_sentence(incident)
    if budget:
        lines.append(f"- {prose(budget)}")
    return "\n".join(lines)


def _steps(steps: Sequence[Step]) -> Iterator[str]:
    for number, step in enumerate(steps[:8], 1):
        kind = f" *({'changes' if step.changes else 'only reads'})*" if step.run else ""
        yield f"{number}. {prose(step.say)}{kind}"
        if step.run:
            yield _indented(block(_short(step.run, 1000), "sh"), 3)


def _missing(incident: Incident) -> Iterator[str]:
    for one in incident.verdict.missing[:8]:
        yield f"- **{prose(one.what)}** – {prose(one.why)}"
        if one.command:
            yield _indented(block(_short(one.command, 1000), "sh"), 2)


def _chain(incident: Incident) -> Iterator[str]:
    lines = lines_by_signal(incident)
    for step in chain(incident):
        yield f"{step.number}. **{prose(step.title)}** {span(step.id)}" + (
            f" – {prose(step.seen)}" if step.seen else ""
        )
        for line in lines.get(step.id, [])[: 2 if step.number == 1 else 1]:
            link = safe_link(line.console_url)
            link = f" [Logs Explorer](<{link}>)" if link and len(link) < 900 else ""
            yield f"   - {words.utc(line.timestamp)} {span(line.node or line.stream)}{link}"
            yield _indented(block(line.message[:_LONGEST_LINE]), 5)
        if step.because:
            yield f"   - ↓ {prose(step.because)}"


def _episodes(incident: Incident) -> Iterator[str]:
    alerts = bool(incident.alerts)
    yield "| # | Node | Start (UTC) | NotReady | End | Ended by | Cause |" + " Alerts |" * alerts
    yield "| --- | --- | --- | --- | --- | --- | --- |" + " --- |" * alerts
    for number, one in enumerate(incident.episodes[:_MOST_EPISODES], 1):
        times = [words.day_and_clock(t) if t else "–" for t in (one.start, one.not_ready, one.end)]
        cause = cell(one.cause or one.planned or "–") if one.cause or one.planned else "–"
        kind = f"*{ended_by(one)}*" if one.kind in PLANNED and one.end else ended_by(one) or "still open"
        row = f"| {number} | {cell(one.node)} | {' | '.join(times)} | {kind} | {cause} |"
        yield row + f" {len(one.alerts)} |" * alerts
    if len(incident.episodes) > _MOST_EPISODES:
        yield f"\n{len(incident.episodes) - _MOST_EPISODES} more in the HTML and JSON reports."


def _gaps(incident: Incident) -> Iterator[str]:
    if not incident.gaps:
        yield "Nothing that was asked for is missing."
    for gap in incident.gaps[:12]:
        yield f"- **{prose(gap.source)}**: {prose(gap.reason)}" + (f" → {span(gap.remedy)}" if gap.remedy else "")


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line for line in text.splitlines())

"""Plain text for a terminal: the verdict first, then the episodes. No escape sequence from a log survives."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from triage.model.incident import Confidence, Incident
from triage.render import words
from triage.render.redact import Replaced
from triage.render.sweep import clean
from triage.render.view.coverage import redaction_sentence
from triage.render.view.first import first_screen
from triage.render.view.support import support_block
from triage.render.view.tables import ended_by

WIDTH = 80
"""Columns that prose takes in a whole report; commands and the text for a case are never broken."""
_MOST_EPISODES = 40
_COLOUR = {
    Confidence.CONFIRMED: "bold green",
    Confidence.LIKELY: "bold yellow",
    Confidence.POSSIBLE: "yellow",
    Confidence.INSUFFICIENT: "bold magenta",
}


def one_line(incident: Incident) -> str:
    """The verdict in one line, for `--quiet`: `confirmed: … (7 of 7 repairs explained)`, at most 200 characters."""
    safe = clean(incident)
    fact = first_screen(safe).facts
    figures = f" ({fact[2].value} {fact[2].label.lower()})" if safe.episodes and safe.verdict.cause else ""
    title = safe.verdict.title
    room = 200 - len(figures) - len(safe.verdict.confidence.value) - 2
    return f"{safe.verdict.confidence.value}: {title if len(title) <= room else title[: room - 1] + '…'}{figures}"


def summary(incident: Incident) -> RenderableType:
    """At most twelve lines for a terminal of a hundred columns, verdict first; log text is never read as markup.

    Prose is wrapped at words. Commands are never cut and never broken: where the console wraps softly, the terminal
    folds them, and they are copied as one line.
    """
    safe = clean(incident)
    first = first_screen(safe)
    head = Text(first.title, "bold", no_wrap=False, overflow="fold")
    sure = Text.assemble((first.confidence, _COLOUR[safe.verdict.confidence]), ("  " + first.reason, ""), no_wrap=False)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for style in ("dim", "bold", "dim"):
        table.add_column(style=style, no_wrap=True, overflow="ellipsis")
    for fact in first.facts:
        table.add_row(Text(fact.label), Text(fact.value), Text(fact.note))
    rows: list[RenderableType] = [head, sure, table]
    rows += [_line("now", step.run or step.say) for step in first.actions[:2]]
    rows += [
        _line("missing", f"{one.what}: {one.command or one.why}")
        for one in first.missing[: 2 if safe.verdict.cause is None else 0]
    ]
    if first.unseen:
        rows.append(_line("not seen", words.listed([gap.source for gap in first.unseen], 5)))
    return Group(*rows)


def _line(label: str, text: str) -> Text:
    return Text.assemble((f"{label:<9}", "dim"), text, no_wrap=True, overflow="ignore")


def text_report(incident: Incident, replaced: Sequence[Replaced] = (), *, redacted: bool) -> str:
    """The whole report as plain text, without colour, its prose 80 columns wide."""
    rows = [*_parts(incident), "", *_wrapped(redaction_sentence(tuple(replaced), redacted=redacted))]
    return "\n".join(rows) + "\n"


def _wrapped(text: str, first: str = "", then: str = "") -> list[str]:
    """Prose in lines; words, and so names and addresses, stay whole."""
    return wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )


def _parts(incident: Incident) -> Iterator[str]:
    first = first_screen(incident)
    yield from _wrapped(first.title)
    yield from _wrapped(first.summary)
    yield ""
    yield from _wrapped(f"Confidence: {first.confidence}. {first.reason}")
    for fact in first.facts:
        yield from _wrapped(f"{fact.label}: {fact.value}" + (f" – {fact.note}" if fact.note else ""), "  ", "    ")
    for step in (*first.actions, *first.more_actions):
        said = step.say + (" (changes)" if step.run and step.changes else "")
        yield from _item("What to do now", said, step.run, opens=step == first.actions[0])
    for one in first.missing:
        yield from _item("Missing", f"{one.what}: {one.why}", one.command, opens=one == first.missing[0])
    for gap in first.unseen:
        yield from _item("Not seen", f"{gap.source}: {gap.reason}", gap.remedy, opens=gap == first.unseen[0])
    yield from _episodes(incident)
    yield "\nFor a support case\n"
    yield support_block(incident).rstrip()


def _item(title: str, said: str, command: str | None, *, opens: bool) -> Iterator[str]:
    """One item of a list, under its title where it is the first; a command stands alone, whole, on its line."""
    if opens:
        yield f"\n{title}"
    yield from _wrapped(said, "  - ", "    ")
    if command:
        yield f"    {command}"


def _episodes(incident: Incident) -> Iterator[str]:
    """Each episode in two lines: its node, and what became of it."""
    if not incident.episodes:
        return
    yield "\nEpisodes (UTC)"
    for number, one in enumerate(incident.episodes[:_MOST_EPISODES], 1):
        told = [words.day_and_clock(one.start)]
        told += [f"NotReady {words.clock_after(one.not_ready, one.start)}"] if one.not_ready else []
        told += [f"end {words.clock_after(one.end, one.start)} ({ended_by(one)})" if one.end else "still open"]
        told += [cause] if (cause := one.cause or one.planned) else []
        told += [words.count(len(one.alerts), "alert")] if one.alerts else []
        yield f"{number:>4}  {words.node_name(one.node)}"
        yield from _wrapped(", ".join(told), "      ", "      ")
    if len(incident.episodes) > _MOST_EPISODES:
        yield f"      and {len(incident.episodes) - _MOST_EPISODES:,} more in the other formats"

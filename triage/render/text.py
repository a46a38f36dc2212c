"""Plain text for a terminal: the verdict first, then the table of episodes. No escape sequence from a log survives."""

from collections.abc import Iterator, Sequence
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from triage.model.incident import Confidence, Incident
from triage.render import words
from triage.render.redact import Replaced
from triage.render.sweep import clean
from triage.render.view.coverage import redaction_sentence
from triage.render.view.first import first_screen
from triage.render.view.support import support_block

WIDTH = 118
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
    """The whole report as plain text, 118 columns wide, without colour."""
    out = StringIO()
    console = Console(
        file=out, width=WIDTH, color_system=None, force_terminal=False, highlight=False, emoji=False, markup=False
    )
    for part in _parts(incident):
        console.print(part, soft_wrap=isinstance(part, str))
    console.print(redaction_sentence(tuple(replaced), redacted=redacted))
    return out.getvalue()


def _parts(incident: Incident) -> Iterator[RenderableType]:
    first = first_screen(incident)
    yield Text(first.title)
    if first.summary:
        yield Text(first.summary)
    yield Text(f"\nConfidence: {first.confidence}. {first.reason}")
    for fact in first.facts:
        yield Text(f"  {fact.label}: {fact.value}" + (f" – {fact.note}" if fact.note else ""))
    for step in (*first.actions, *first.more_actions):
        yield from _item(
            "What to do now",
            step.say + (" (changes)" if step.run and step.changes else ""),
            step.run,
            step == first.actions[0],
        )
    for one in first.missing:
        yield from _item("Missing", f"{one.what}: {one.why}", one.command, one == first.missing[0])
    for gap in first.unseen:
        yield from _item("Not seen", f"{gap.source}: {gap.reason}", gap.remedy, gap == first.unseen[0])
    if incident.episodes:
        yield ""
        yield episode_table(incident)
    yield "\nFor a support case\n"
    yield support_block(incident)


def _item(title: str, said: str, command: str | None, opens: bool) -> Iterator[RenderableType]:
    """One item of a list, under its title where it is the first; a command stands alone, whole, on its line."""
    if opens:
        yield f"\n{title}"
    yield Text(f"  - {said}")
    if command:
        yield f"    {command}"


def episode_table(incident: Incident, most: int = 40) -> Table:
    """The episodes as a table; cells are literal text."""
    table = Table(title=None, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in ("#", "node", "start (UTC)", "NotReady", "end", "ended by", "cause", "alerts"):
        table.add_column(name, no_wrap=name != "cause", overflow="fold")
    for number, one in enumerate(incident.episodes[:most], 1):
        times = [
            words.day_and_clock(one.start),
            *(words.clock_after(t, one.start) if t else "–" for t in (one.not_ready, one.end)),
        ]
        cells = [str(number), one.node, *times, one.kind.value, one.cause or one.planned or "–", str(len(one.alerts))]
        table.add_row(*(Text(value) for value in cells))
    if len(incident.episodes) > most:
        table.caption = f"{len(incident.episodes) - most} more in the other formats"
    return table

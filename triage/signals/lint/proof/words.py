"""What a signal file tells its readers: titles, summaries and commands that can be filled in, sources for its facts."""

import re
from collections.abc import Iterator

from triage.model.signal import PLACEHOLDERS, Role, Signal
from triage.signals.drafts import Draft, SignalFile
from triage.signals.extract import compiled, names_of
from triage.signals.faults import Fault, Trail, did_you_mean, shown
from triage.signals.lint.rule import FileRule, Rule

_PLACEHOLDER = re.compile(r"(?<![${])\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""`{node}`, but neither a shell's `${HOME}` nor a doubled brace."""


class TitlesAreUnique(Rule):
    """A report names signals by their titles."""

    def faults(self, draft: Draft) -> Iterator[Fault]:
        """No two signals bear one title."""
        first: dict[str, SignalFile] = {}
        for file in draft.files:
            earlier = first.setdefault(file.signal.title.casefold(), file)
            if earlier is not file:
                yield file.fault(("title",), f"{shown(earlier.document.path)} has the same title")


class PlaceholdersAreKnown(FileRule):
    """A command with a hole in it is of no use at three in the morning."""

    def check(self, file: SignalFile) -> Iterator[Fault]:
        """Every `{name}` in the summary and in commands can be filled in."""
        signal = file.signal
        known = PLACEHOLDERS | _extracted(signal)
        places: list[tuple[Trail, str]] = [(("summary",), signal.summary)]
        for index, step in enumerate(signal.remedy.now):
            places += [(("remedy", "now", index, "say"), step.say), (("remedy", "now", index, "run"), step.run or "")]
        for trail, text in places:
            for name in _PLACEHOLDER.findall(text):
                if name not in known:
                    yield file.fault(trail, f"nothing fills in `{{{name}}}`{did_you_mean(name, known)}")


def _extracted(signal: Signal) -> frozenset[str]:
    patterns = [compiled(text) for alternative in signal.detect for text in alternative.extract]
    return frozenset(name for pattern in patterns if not isinstance(pattern, str) for name in names_of(pattern))


class FactsHaveSources(FileRule):
    """A wording that nobody can look up is a rumour."""

    def check(self, file: SignalFile) -> Iterator[Fault]:
        """At least one reference, each a web address."""
        if not file.signal.references:
            yield file.fault(("references",), "no `references`: say where the wording comes from")
        for index, reference in enumerate(file.signal.references):
            if not re.fullmatch(r"https?://[^\s/]+\.[^\s/]+(/\S*)?", reference.url):
                yield file.fault(("references", index, "url"), "expected a web address")


class CausesCanBeMended(FileRule):
    """A report that names a cause says what to do about it."""

    def check(self, file: SignalFile) -> Iterator[Fault]:
        """A cause that is no planned work has steps to take now."""
        signal = file.signal
        if signal.role is Role.CAUSE and not signal.planned and not signal.remedy.now:
            yield file.fault(("remedy",), "a cause without `remedy.now`: say what to do")

"""The pack tests itself: every wording has been seen, every example holds."""

from collections.abc import Iterator
from dataclasses import replace

from triage.signals.drafts import Draft, SignalFile
from triage.signals.examples import Example, examples_of
from triage.signals.extract import compiled, extract
from triage.signals.faults import Fault, did_you_mean
from triage.signals.lint.rule import FileRule, Rule
from triage.signals.pack import assemble
from triage.signals.streams import CLEARS
from triage.signals.tell import Teller

ENOUGH = 3
"""Examples that must match, and as many that must not."""


class EnoughExamples(FileRule):
    """One example shows a case; several, from different versions, show the signature."""

    def check(self, file: SignalFile) -> Iterator[Fault]:
        """At least three that match and three that do not; a signal of metrics alone needs none."""
        if not file.signal.detect:
            return
        for kind, found in (("match", file.signal.examples.match), ("ignore", file.signal.examples.ignore)):
            if len(found) < ENOUGH:
                yield file.fault(("examples", kind), f"{len(found)} examples to {kind}, at least {ENOUGH} are needed")


class EveryAlternativeHasAnExample(FileRule):
    """An alternative without an example is a guess."""

    def check(self, file: SignalFile) -> Iterator[Fault]:
        """Each alternative is the `via` of an example, and each `via` an alternative."""
        names = [alternative.name for alternative in file.signal.detect]
        proven = {match.via for match in file.signal.examples.match}
        for index, name in enumerate(names):
            if name not in proven:
                yield file.fault(("detect", index, "name"), f"`{name}` has no example")
        for index, match in enumerate(file.signal.examples.match):
            if match.via not in names:
                what = f"there is no alternative `{match.via}`{did_you_mean(match.via, names)}"
                yield file.fault(("examples", "match", index, "via"), what)


class PatternsCompile(FileRule):
    """RE2 has neither lookaround nor back references: what it refuses extracts nothing."""

    def check(self, file: SignalFile) -> Iterator[Fault]:
        """Each pattern to extract with is one of RE2 and names a group."""
        for index, alternative in enumerate(file.signal.detect):
            for number, text in enumerate(alternative.extract):
                pattern = compiled(text)
                if isinstance(pattern, str):
                    yield file.fault(("detect", index, "extract", number), f"not a pattern of RE2: {pattern}")
                elif not pattern.groupindex:
                    yield file.fault(("detect", index, "extract", number), "names no group: write (?P<name>…)")


class ExamplesHold(Rule):
    """What is said to match matches, what is said not to does not, and extraction gives what is said."""

    def faults(self, draft: Draft) -> Iterator[Fault]:
        """One run over all examples."""
        judged = draft.judged
        examples = [(file, example) for file in judged for example in examples_of(file.signal, draft.streams)]
        told = Teller(assemble(replace(draft, files=judged))).tell([example.json for _, example in examples])
        seen: list[set[tuple[str, str]]] = [set() for _ in examples]
        for row, number in zip(told.hits["row"], told.hits["wording"], strict=True):
            wording = told.wordings[number]
            seen[row].add((wording.signal.id, wording.name))
        for (file, example), found in zip(examples, seen, strict=True):
            own = {name for signal_id, name in found if signal_id == file.signal.id and name != CLEARS}
            if example.via is None:
                if own:
                    yield file.fault(example.trail, f"must not match, but does: `{'`, `'.join(sorted(own))}`")
            elif example.via not in own:
                also = f"; `{'`, `'.join(sorted(own))}` does" if own else ""
                yield file.fault(example.trail, f"does not match `{example.via}` in stream {example.stream}{also}")
            else:
                yield from _extracts(file, example)


def _extracts(file: SignalFile, example: Example) -> Iterator[Fault]:
    alternative = next(a for a in file.signal.detect if a.name == example.via)
    found, _ = extract(example.message, alternative.extract)
    for name, value in example.extracts.items():
        if found.get(name) != value:
            got = f"`{found[name]}`" if name in found else "nothing"
            yield file.fault((*example.trail, "extracts", name), f"`{name}` should be `{value}`, extracted is {got}")

"""How well the bundled signals tell failures from lines that only alarm, measured on labelled lines.

Each file was labelled by a reader of its own, from the programs' sources and public threads; the fourth had seen no
signal file when it was written. A line holds the signals that it means (none for the harmless ones), the source that
words it so, and either the stream with the text or the fields of an entry (`lines.jsonl`, `fourth_reader.jsonl`), or a
log entry as a whole (`second_reader.jsonl` and `third_reader.jsonl`, which try many carriers). Run with `-s` to see the
table.
"""

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

from triage.model.signal import Pack
from triage.signals.examples import example_entry, message_of
from triage.signals.match import match
from triage.signals.pack import load_pack

READERS = sorted(Path(__file__).parent.glob("*.jsonl"))
GOAL = 0.97
HARMLESS = 0.5
"""The least share of lines that only alarm."""


class Score(NamedTuple):
    """What was right and wrong about one signal."""

    hits: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def recall(self) -> float:
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0


@cache
def pack() -> Pack:
    return load_pack()


@cache
def lines() -> tuple[Mapping[str, Any], ...]:
    return tuple(json.loads(line) for reader in READERS for line in reader.read_text().splitlines())


def entry_of(line: Mapping[str, Any]) -> dict[str, Any]:
    """The log entry that a labelled line stands for."""
    if "entry" in line:
        return dict(line["entry"])
    streams = {stream.id: stream for stream in pack().streams}
    return example_entry(streams[line["stream"]], line.get("text"), line.get("fields"))


@cache
def seen() -> tuple[frozenset[str], ...]:
    """The signals that each line matches, each line by itself."""
    entries = [entry_of(line) for line in lines()]
    frame = pd.DataFrame(
        {
            "insert_id": [str(number) for number in range(len(entries))],
            "timestamp": pd.Timestamp("2024-03-05T06:07:08Z"),
            "node": None,
            "message": [message_of(entry) for entry in entries],
            "entry": [json.dumps(entry) for entry in entries],
        }
    )
    found = {int(matched.insert_id or 0): frozenset(matched.signals) for matched in match(frame, pack())}
    return tuple(found.get(number, frozenset()) for number in range(len(entries)))


def scores() -> dict[str, Score]:
    """Per signal, over all lines."""
    hits: Counter[str] = Counter()
    false: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for line, found in zip(lines(), seen(), strict=True):
        meant = set(line["signals"])
        hits.update(meant & found)
        false.update(found - meant)
        missed.update(meant - found)
    return {s.id: Score(hits[s.id], false[s.id], missed[s.id]) for s in pack().signals}


def table(by_signal: Mapping[str, Score]) -> str:
    """One row a signal, the worst first."""
    rows = sorted(by_signal.items(), key=lambda row: (min(row[1].precision, row[1].recall), row[0]))
    head = f"{'signal':28} {'lines':>5} {'false':>5} {'missed':>6} {'precision':>9} {'recall':>6}"
    return "\n".join(
        [head]
        + [
            f"{name:28} {s.hits + s.missed:5} {s.false:5} {s.missed:6} {s.precision:9.3f} {s.recall:6.3f}"
            for name, s in rows
        ]
    )


def wrong() -> list[str]:
    """The lines that are told wrongly, with what is missing (-) and what is too much (+)."""
    return [
        f"{' '.join([*('-' + name for name in meant - found), *('+' + name for name in found - meant)])}"
        f"  {message_of(entry_of(line)) or line['source']:.200}"
        for line, found in zip(lines(), seen(), strict=True)
        if (meant := frozenset(line["signals"])) != found
    ]


def test_the_labelled_lines_are_many_and_about_half_are_harmless() -> None:
    harmless = [line for line in lines() if not line["signals"]]
    assert len(lines()) >= 300
    assert len(harmless) >= HARMLESS * len(lines())
    assert all(line["source"] for line in lines())
    assert len({json.dumps(entry_of(line), sort_keys=True) for line in lines()}) == len(lines())


def test_labels_name_signals_of_the_pack() -> None:
    assert {name for line in lines() for name in line["signals"]} <= {signal.id for signal in pack().signals}


def test_every_signal_that_a_verdict_may_name_has_lines() -> None:
    labelled = {name for line in lines() for name in line["signals"]}
    assert {signal.id for signal in pack().signals} - labelled <= {"node-boot"}


def test_precision_and_recall_of_the_pack() -> None:
    by_signal = scores()
    total = Score(*(sum(score[part] for score in by_signal.values()) for part in range(3)))
    print(table({**by_signal, "all signals": total}))
    assert min(total.precision, total.recall) >= GOAL, "\n".join(wrong())


@pytest.mark.parametrize("name", [signal.id for signal in pack().signals])
def test_precision_and_recall_of_a_signal(name: str) -> None:
    score = scores()[name]
    assert min(score.precision, score.recall) >= GOAL, "\n".join(line for line in wrong() if name in line)

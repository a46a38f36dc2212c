"""Fuzz the query language: every input must end as a filter or as a clean error, soon.

Run: `python -m benchmarks.fuzz_lql [--inputs 200000] [--seed N]`. Inputs are worked examples with pieces changed, soups
of tokens, nesting, long lists, and raw characters. What parses is printed and read back, checked, and compiled for both
engines (one in `--compile-every`); one in a thousand of these is run. Prints outcomes, rate, and the slowest input.
"""

import argparse
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator

import duckdb

from tests.lql.conformance import CASES, ENTRIES
from triage.errors import FilterError
from triage.lql import check, compile_bigquery, compile_duckdb, load_entries, necessary, parse, regex_of, to_text

TOKENS = [
    *("AND", "OR", "NOT", "-", "(", ")", ",", ".", ":", "=", "!=", "<", "<=", ">", ">=", "=~", "!~", "--", "\n", " "),
    *(
        '"',
        '"x"',
        '"\\"',
        "'",
        "*",
        "NULL_VALUE",
        "true",
        "503",
        "1e400",
        "-1",
        '"\\0"',
        "abc",
        "a.b",
        '"a b"',
        '"(?i)a|b"',
        "\\",
    ),
    *("jsonPayload.a", "jsonPayload", "labels.x", "severity", "ERROR", "timestamp", '"2018-06-08"', "resource.type"),
    *(
        "textPayload",
        "httpRequest.status",
        "thud",
        "log_id(",
        "SEARCH(",
        "cast(",
        "regexp_extract(",
        "sample(",
        "INT64",
    ),
    *(
        "source(projects/p)",
        "ip_in_net(",
        '"10.0.0.0/8"',
        "TIMEZONE(",
        '"UTC"',
        "é",
        "日本",
        "\x00",
        "\u200b",
        "\ud800",
    ),
]
EXAMPLES = [text for _, text, _, _ in CASES]
LONGEST_SECONDS = 30


def inputs(number: int, seed: int) -> Iterator[str]:
    """Deterministic inputs, mostly short, some of them huge."""
    rng = random.Random(seed)
    kinds = [_changed, _changed, _changed, _soup, _soup, _characters, _nested, _long]
    weights = [20, 20, 20, 20, 15, 10, 2, 1]
    for _ in range(number):
        yield rng.choices(kinds, weights)[0](rng)


def _changed(rng: random.Random) -> str:
    text = rng.choice(EXAMPLES)
    for _ in range(rng.randint(0, 4)):
        start = rng.randint(0, len(text))
        end = min(len(text), start + rng.choice([0, 0, 1, 1, 2, 5]))
        piece = rng.choice([rng.choice(TOKENS), f" {rng.choice(TOKENS)} ", rng.choice(EXAMPLES)])
        text = text[:start] + piece + text[end:]
    return text


def _soup(rng: random.Random) -> str:
    glue = rng.choice(["", " ", " "])
    return glue.join(rng.choice(TOKENS) for _ in range(rng.randint(1, 25)))


def _characters(rng: random.Random) -> str:
    return "".join(
        chr(rng.choice([rng.randint(0, 127), rng.randint(0, 0x2FF), rng.randint(0, 0x10FFFF)])) for _ in range(30)
    )


def _nested(rng: random.Random) -> str:
    depth = rng.choice([10, 90, 101, 5_000, 100_000])
    opening, inner, closing = rng.choice(
        [
            ("(", "a", ")"),
            ("NOT (", "a", ")"),
            ("-(", 'f="x"', ")"),
            ("jsonPayload.a=(", "b", ")"),
            ("cast(", "a", ", INT64)"),
        ]
    )
    if opening.startswith("jsonPayload"):
        return "jsonPayload.a=" + "(NOT " * depth + inner + closing * rng.choice([depth, depth - 1, 0])
    return opening * depth + inner + closing * rng.choice([depth, depth - 1, 0])


def _long(rng: random.Random) -> str:
    piece = rng.choice(
        ['"x" OR ', "a ", "jsonPayload.a.b:c\n", "-", "--", '"', "\\", "a.", 'jsonPayload.m=~"a{1,9}" ', "(", "[" * 9]
    )
    return (piece * rng.choice([100, 2_000, 120_000]))[: rng.choice([500, 19_990, 1_000_000])]


class Trial:
    """Puts inputs through the whole of the language."""

    def __init__(self, *, compile_every: int) -> None:
        self.compile_every = compile_every
        self.outcomes: Counter[str] = Counter()
        self.connection = duckdb.connect()
        load_entries(self.connection, list(ENTRIES.values()))

    def put(self, text: str) -> None:
        """One input; raises whatever is neither a filter nor a clean error."""
        try:
            tree = parse(text)
        except FilterError as error:
            self._refused(error, "refused by the parser")
            return
        # The normal spelling quotes every value, and may so outgrow the limit.
        printed = to_text(tree)
        if len(printed) <= 20_000:
            assert parse(printed) == tree, text
        try:
            check(tree)
        except FilterError as error:
            self._refused(error, "refused by the check")
            return
        self.outcomes["accepted"] += 1
        if self.outcomes["accepted"] % self.compile_every == 0:
            condition = necessary(tree)
            if condition.literals:
                regex_of(condition.literals)
            compiled = compile_duckdb(tree)
            try:
                compile_bigquery(tree)
            except FilterError:
                self.outcomes["not in Log Analytics"] += 1
            self.outcomes["compiled"] += 1
            if self.outcomes["compiled"] % 10 == 0:
                matched = self.connection.execute(f"SELECT {compiled} FROM entries").fetchall()
                assert all(answer in (True, False) for (answer,) in matched), text
                self.outcomes["run"] += 1

    def _refused(self, error: FilterError, how: str) -> None:
        assert error.line >= 1, error
        assert error.column >= 1, error
        assert len(error.excerpt) < 500, error.excerpt
        json.dumps(error.excerpt).encode("ascii")
        str(error).encode("utf-8")
        self.outcomes[how] += 1


def _hangs(*_: object) -> None:
    raise TimeoutError(f"no answer within {LONGEST_SECONDS} s")


def main() -> None:
    """Run the trial and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compile-every", type=int, default=20)
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _hangs)
    trial = Trial(compile_every=options.compile_every)
    slowest, slowest_text = 0.0, ""
    started = time.perf_counter()
    for text in inputs(options.inputs, options.seed):
        signal.alarm(LONGEST_SECONDS)
        before = time.perf_counter()
        try:
            trial.put(text)
        except BaseException:
            print(f"failed on {text[:2000]!r}")
            raise
        took = time.perf_counter() - before
        if took > slowest:
            slowest, slowest_text = took, text
    signal.alarm(0)
    elapsed = time.perf_counter() - started
    print(f"{options.inputs:,} inputs in {elapsed:.0f} s ({options.inputs / elapsed:,.0f} a second)")
    for outcome, count in trial.outcomes.most_common():
        print(f"  {count:>9,}  {outcome}")
    print(f"slowest {slowest:.2f} s: {len(slowest_text):,} characters, {slowest_text[:80]!r}")


if __name__ == "__main__":
    main()

"""A small run of the fuzzer; the whole of it is `python -m benchmarks.fuzz_lql`."""

import pytest

from benchmarks.fuzz_lql import Trial, inputs
from triage.errors import FilterError
from triage.lql import match_entries, parse


def test_every_input_ends_as_a_filter_or_a_clean_error() -> None:
    trial = Trial(compile_every=20)
    for text in inputs(2_000, seed=1):
        trial.put(text)
    assert trial.outcomes["run"] > 0


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        "NOT (" * 200_000,
        "-(" * 9_000,
        '"' * 1_000_001,
        "a OR " * 200_000,
        "\\" * 19_999,
        "--" * 500_000,
    ],
    ids=lambda text: f"{text[:6]} x {len(text)}",
)
def test_huge_and_deep_input_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)


def test_the_longest_filters_run() -> None:
    entry = {"logName": "projects/p/logs/x", "timestamp": "2024-01-01T00:00:00Z", "textPayload": "needle"}
    for text in [
        " OR ".join(['"a"'] * 2_400 + ["needle"]),
        "textPayload=(" + " OR ".join(['"a"'] * 2_400 + ["needle"]) + ")",
        "textPayload:(" + " AND ".join(["n", "e"] * 1_300) + ")",
        "(" * 99 + "needle" + ")" * 99,
        "NOT (" * 98 + "needle" + ")" * 98,
        "\n".join(["-- comment"] * 1_700) + "\nneedle",
    ]:
        assert match_entries([entry], parse(text)) == [True], text[:60]

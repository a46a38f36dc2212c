"""Help and completion: what a person sees before the first run."""

import pytest

from tests.cli.conftest import Run


def test_paragraphs_are_filled_to_the_width(run: Run) -> None:
    wide = run("incident", "--help", env={"COLUMNS": "200"}).stdout
    assert "with the credentials that gcloud has, or from files with --from" in wide
    assert (
        run("signals", "check", "--help").stdout.split("\n")[1].strip()
        == "Usage: triage signals check [OPTIONS] [FILE]..."
    )


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("triage inc", {"incident"}),
        ("triage incident --format ", {"html", "json", "markdown"}),
        ("triage signals show pid-", {"pid-exhaustion"}),
        ("triage signals show *", set()),
    ],
)
def test_the_shell_completes(run: Run, words: str, offered: set[str]) -> None:
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_TRIAGE_COMPLETE": "complete_bash"}
    done = run(env=asked)
    assert set(done.stdout.split()) == offered, done.stderr

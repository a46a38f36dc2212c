"""Documents that cannot drift: what they name exists, and what they promise is how it is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(section: str) -> list[list[str]]:
    """The fenced `sh` blocks of a section of the README, as lines."""
    text = README.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]


def test_the_quick_start_is_two_lines() -> None:
    found = blocks("Quick start")
    assert len(found) == 2
    assert [len(lines) for lines in found] == [1, 1]
    assert found[0][0].endswith("triage demo")
    assert "pytest" in found[1][0]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), target


def test_the_pictures_of_reports_are_light() -> None:
    pictures = sorted((ROOT / "docs").glob("*.webp"))
    assert len(pictures) >= 4
    assert [picture.name for picture in pictures if picture.stat().st_size > 200_000] == []


def test_every_command_and_option_of_the_readme_exists() -> None:
    def help_of(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "triage", *words, "--help"],
            capture_output=True,
            text=True,
            check=False,
            env={"COLUMNS": "300", "NO_COLOR": "1", "TERM": "dumb"},
        )
        return done.stdout if done.returncode == 0 else ""

    calls = set(re.findall(r"^triage ([a-z]+)(?: ([a-z]+))?", README, re.MULTILINE))
    assert {command for command, _ in calls} >= {"doctor", "incident", "read", "signals"}
    helps = {"incident": help_of("incident"), "collect": help_of("collect")}
    for command, word in calls:
        assert help_of(command), command
        if command == "signals":
            assert help_of(command, word), word
    table = README.split("| you want | say |", 1)[1].split("\n\n", 1)[0]
    for option in re.findall(r"(--[a-z][a-z-]+)", table):
        assert any(option in text for text in helps.values()), option

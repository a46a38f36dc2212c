"""Every command that a report, a message or a script shows does the same whatever names stand in it."""

import re
import shlex
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import google.api_core.exceptions as gexc
import pytest
from google.auth.credentials import AnonymousCredentials

from tests.correlate.build import NOW, Story, leak
from tests.correlate.contract import document_of
from tests.correlate.whole import full_pack
from triage.correlate import correlate
from triage.errors import SourceError
from triage.evidence.occurrences import OCCURRENCES
from triage.evidence.tables import PLACEMENTS, frame
from triage.model.links import quoted
from triage.model.place import Ask
from triage.sources.live.access import Access, Endpoints
from triage.sources.live.faults import google_faults
from triage.sources.live.reads import broad_reads
from triage.sources.live.script import by_hand

BENIGN = "harmless"
HOSTILE = (
    "x; rm -rf ~",
    "$(touch pwned)",
    "`touch pwned`",
    "it's",
    'say "hi"',
    "two\nlines; touch pwned",
    "a && touch pwned",
    "a|b>c<d&e",
    "back\\slash",
    "$HOME ${PATH}",
    "{node}{cluster}",
    "bang!",
)


def commands(name: str, *, private: bool, autopilot: bool, silent: bool) -> dict[str, str]:
    """What a report says to do → the command, of an incident where everything bears this name."""
    story = Story(pool=name, pools=(name, "pool-2"), hours=20, private=private, autopilot=autopilot)
    leak(story, workload=f"{name}/{name}", episodes=4)
    story.goes_down(story.node(9), 19.9)
    if silent:
        story.occurrences.clear()
        story.present = frozenset({"entries"})
    evidence = story.evidence()
    cluster = evidence.cluster.model_copy(update={"name": name, "project": name, "location": name})
    occurrences, placements = frame(OCCURRENCES, story.occurrences), frame(PLACEMENTS, story.placements)
    incident = correlate(replace(evidence, cluster=cluster), occurrences, placements, full_pack(), now=NOW)
    document = document_of(incident)
    verdict = document["verdict"]
    found = {step["say"]: step["run"] for step in verdict["actions"] if step["run"]}
    found |= {missing["what"]: missing["command"] for missing in verdict["missing"] if missing["command"]}
    found |= {
        gap["reason"]: gap["remedy"] for gap in document["gaps"] if gap["remedy"].startswith(("gcloud", "kubectl"))
    }
    return {text.replace(name, BENIGN): run for text, run in found.items()}


def words(command: str) -> list[str]:
    """The words and operators that a shell would see."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def as_written(word: str, name: str) -> set[str]:
    """The forms that a word may take with another name in it: as it is, inside a filter, as part of a file's name."""
    file = re.sub(r"[^A-Za-z0-9._-]", "-", name)
    return {word.replace(BENIGN, form) for form in (name, quoted(name)[1:-1], file)}


@pytest.mark.parametrize("silent", [False, True], ids=["with a cause", "with none"])
@pytest.mark.parametrize("hostile", HOSTILE, ids=repr)
def test_names_stay_one_word_in_every_command_of_a_report(hostile: str, silent: bool) -> None:
    usual = commands(BENIGN, private=True, autopilot=False, silent=silent)
    found = commands(hostile, private=True, autopilot=False, silent=silent)
    assert len(found) >= 5
    assert set(found) <= set(usual)
    for said, command in found.items():
        expected, got = words(usual[said]), words(command)
        assert len(got) == len(expected), command
        for word, like in zip(got, expected, strict=True):
            if re.fullmatch(r"(serial|processes|journal|entries|workloads)-gke-shop-.*", like):
                assert re.fullmatch(r"[A-Za-z0-9._-]+", word)
            else:
                assert word in as_written(like, hostile), command


def test_on_autopilot_no_command_asks_for_a_login() -> None:
    for silent in (False, True):
        found = commands(BENIGN, private=True, autopilot=True, silent=silent)
        assert found
        assert not [command for command in found.values() if " ssh " in command]


def test_private_nodes_are_reached_through_iap() -> None:
    found = commands(BENIGN, private=True, autopilot=False, silent=False)
    logins = [command for command in found.values() if " ssh " in command]
    assert logins
    assert all("--tunnel-through-iap" in command for command in logins)


@pytest.mark.parametrize("hostile", HOSTILE, ids=repr)
def test_names_stay_one_word_in_a_remedy(hostile: str) -> None:
    access = Access(hostile, AnonymousCredentials(), Endpoints.of({}), account=hostile)
    with pytest.raises(SourceError) as denied, google_faults("reading logs", "logging", access):
        raise gexc.Forbidden("no")
    assert words(denied.value.remedy)[3:] == [hostile, "--role=roles/logging.viewer", f"--member=user:{hostile}"]
    with pytest.raises(SourceError) as disabled, google_faults("reading logs", "logging", access):
        raise gexc.Forbidden("SERVICE_DISABLED")
    assert words(disabled.value.remedy)[-1] == f"--project={hostile}"


FAKE = """\
#!/bin/sh
{ printf '%s\\0' "$(basename "$0")" "$@"; printf '\\n\\0'; } >> "$CALLS"
"""


@pytest.mark.parametrize("hostile", HOSTILE, ids=repr)
def test_the_script_by_hand_hands_names_on_as_they_are(hostile: str, tmp_path: Path) -> None:
    ask = Ask(hostile, hostile, hostile, timedelta(hours=1))
    script = by_hand(ask, broad_reads(full_pack())[:1], project=hostile, resources=(), now=NOW)
    programs, place = tmp_path / "bin", tmp_path / "place"
    programs.mkdir()
    place.mkdir()
    for name in ("gcloud", "kubectl", "curl"):
        (programs / name).write_text(FAKE)
        (programs / name).chmod(0o700)
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(place), "CALLS": str(tmp_path / "calls")}
    done = subprocess.run(
        ["sh", "-"], input=script, cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob("pwned"))
    calls: list[list[str]] = [
        call.strip("\0").split("\0") for call in (tmp_path / "calls").read_text().split("\n\0") if call.strip("\0")
    ]
    described = next(call for call in calls if call[:4] == ["gcloud", "container", "clusters", "describe"])
    assert described[4:7] == [hostile, f"--location={hostile}", f"--project={hostile}"]
    read = next(call for call in calls if call[:3] == ["gcloud", "logging", "read"])
    assert f"resource.labels.cluster_name={quoted(hostile)}" in read[3]
    assert [path.name for path in place.iterdir()] == [f"evidence-{re.sub(r'[^A-Za-z0-9._-]', '-', hostile)}"]

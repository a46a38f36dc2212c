"""`--node` and `--operation`: why did this node die?"""

import json

from tests.cli.conftest import FIXTURES, Run, assert_complains

FIXTURE = FIXTURES / "no-cause"
TRUTH = json.loads((FIXTURE / "truth.json").read_text())
FIRST = TRUTH["episodes"][0]


def test_a_node_or_its_repair_in_focus(run: Run) -> None:
    for option, name in (("--node", FIRST["node"]), ("--operation", FIRST["operation"])):
        done = run("incident", "--from", FIXTURE, "--since", "7d", option, name, "-f", "json", "-o", "-")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert {episode["node"] for episode in report["episodes"]} == {FIRST["node"]}
        assert name in report["provenance"]["command"]


def test_an_unknown_one_lists_those_that_are_like_it(run: Run) -> None:
    near = FIRST["node"][:-1] + ("a" if FIRST["node"][-1] != "a" else "b")
    assert_complains(run("incident", "--from", FIXTURE, "--node", near), 2, near, FIRST["node"])
    assert_complains(run("incident", "--from", FIXTURE, "--operation", "operation-1"), 2, "operation-1", "episodes")
    hostile = run("incident", "--from", FIXTURE, "--node", "x\x1b[31m; rm -rf ~")
    assert_complains(hostile, 2, "\\x1b")
    assert "\x1b" not in hostile.stderr


def test_two_questions_at_once_are_one_too_many(run: Run) -> None:
    done = run("incident", "--from", FIXTURE, "--node", FIRST["node"], "--operation", FIRST["operation"])
    assert_complains(done, 2, "--node", "--operation")

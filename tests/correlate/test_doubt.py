import shlex

import pytest

from tests.correlate.build import ALL, Story, leak
from triage.correlate.commands import Names, command, fill, fill_gap
from triage.correlate.figures import share
from triage.model.place import Cluster, Gap
from triage.model.signal import Step

CLUSTER = Cluster(name="shop", project="shop-prod", location="us-central1-a")


def commands(incident) -> list[str]:
    return [m.command for m in incident.verdict.missing if m.command] + [
        a.run for a in incident.verdict.actions if a.run
    ]


def test_what_is_missing_comes_with_the_command_that_supplies_it():
    story = Story(present=frozenset({"entries"}))
    story.goes_down(story.node(1), 5, back=5.5)
    missing = story.tell().verdict.missing
    assert all(m.command and m.why for m in missing)
    text = "\n".join(m.command or "" for m in missing)
    assert "gcloud container operations list" in text
    assert "kubectl get" in text
    assert "triage collect" in text
    assert 'log_id("serialconsole' in text


def test_a_confirmed_verdict_with_a_suspect_misses_nothing():
    assert leak(Story()).tell().verdict.missing == ()


def test_actions_are_filled_in_and_say_whether_they_change_anything():
    story = leak(Story())
    story.place("shop/pdf", story.node(9), first=20)
    actions = story.tell().verdict.actions
    assert [a.changes for a in actions] == [False, True]
    assert f"{story.node(9)} --zone us-central1-a --project shop-prod" in (actions[0].run or "")
    assert actions[1].run == "kubectl rollout restart -n shop deployment/pdf"


def test_without_a_suspect_no_command_speaks_of_a_workload():
    actions = leak(Story(), workload=None).tell().verdict.actions
    assert [a.say for a in actions] == ["On the next node that shows it, before a repair: look"]


def test_autopilot_gets_no_login():
    assert not any("compute ssh" in c for c in commands(leak(Story(autopilot=True), workload=None).tell()))


def test_private_nodes_are_reached_through_iap():
    logins = [c for c in commands(leak(Story(private=True), workload=None).tell()) if "compute ssh" in c]
    assert logins
    assert all("--tunnel-through-iap" in c for c in logins)


@pytest.mark.parametrize("name", ["a b; rm -rf /", "$(reboot)", "it's", "`id`", 'quo"te'])
def test_hostile_names_are_quoted(name):
    step = Step(say="Look", run="kubectl describe node {node}")
    filled = fill(step, Names(cluster=CLUSTER, node=name))
    assert filled is not None
    assert shlex.split(filled.run or "") == ["kubectl", "describe", "node", name]
    assert shlex.split(command("gcloud", name)) == ["gcloud", name]


@pytest.mark.parametrize("name", ["--all", "$(reboot)", "a'b"])
def test_a_hostile_name_inside_quotes_or_like_an_option_drops_the_step(name):
    step = Step(say="Look", run="""bash -c "kubectl describe node {node}" """)
    assert fill(step, Names(cluster=CLUSTER, node=name)) is None


def test_what_is_unknown_stays_a_capital_placeholder():
    step = Step(say="Look", run="gcloud compute ssh {node} --zone {zone} -- awk '{n[$1]++} END {print n}'")
    filled = fill(step, Names(cluster=CLUSTER, node="n1"))
    assert filled is not None
    assert filled.run == "gcloud compute ssh n1 --zone ZONE -- awk '{n[$1]++} END {print n}'"


def test_the_summary_is_two_sentences_of_plain_facts():
    summary = leak(Story()).tell().verdict.summary
    first, second = summary.split(". ", 1)
    assert first.startswith("Four nodes of node pool pool-1 went down between")
    assert "because no process ids were left, driven by shop/pdf" in first
    assert "all four episodes" in second
    assert "all four alerts" in second


def test_an_episode_says_how_much_of_its_cause_was_seen_on_its_node():
    incident = leak(Story()).tell()
    for episode in incident.episodes:
        assert episode.notes[0] == f"{episode.node}: pid-exhaustion (11× in 8 m)."


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 4, "none of 4 episodes"),
        (0, 2, "neither episode"),
        (1, 1, "the one episode"),
        (2, 2, "both episodes"),
        (4, 4, "all four episodes"),
        (3, 7, "3 of 7 episodes"),
        (1200, 1200, "all 1200 episodes"),
    ],
)
def test_shares_are_said_as_people_say_them(part, whole, said):
    assert share(part, whole, "episode") == said


def test_gaps_of_the_evidence_are_kept():
    assert Story(present=ALL).tell().gaps == ()


def test_remedies_of_gaps_name_the_cluster():
    remedy = "gcloud container clusters describe CLUSTER --location LOCATION --format=json > cluster.json"
    (gap,) = Story(gaps=(Gap(source="cluster", reason="was not given", remedy=remedy),)).tell().gaps
    assert gap.remedy == remedy.replace("CLUSTER", "shop").replace("LOCATION", "us-central1-a")


@pytest.mark.parametrize("name", ["a b", "$(reboot)", "it's", "--all"])
def test_a_hostile_name_is_left_to_fill_in(name):
    gap = Gap(source="cluster", reason="was not given", remedy="triage collect --cluster CLUSTER --print-commands")
    assert fill_gap(gap, Cluster(name=name)) == gap


def test_messages_are_bounded_and_marked():
    story = leak(Story())
    for row in story.occurrences:
        row |= {"message": "x" * 1990 + "fork rejected", "mark_start": 1990, "mark_end": 2003}
    lines = story.tell().causes[0].evidence
    assert all(len(line.message) <= 2000 for line in lines)
    assert all(line.mark == (1990, 2000) for line in lines)
    assert all((line.console_url or "").startswith("https://console.cloud.google.com/logs/query;") for line in lines)


def test_words_of_a_log_stay_on_one_line():
    story = Story(present=frozenset({"entries"}))
    story.goes_down(story.node(2), 6, back=6.4)
    story.recreate(story.node(2), 6.2, "bad\x1b[31m\nhealth\u202e" + "x" * 900)
    (episode,) = story.tell().episodes
    assert episode.repair is not None
    reason = episode.repair.reason or ""
    assert reason.isprintable()
    assert len(reason) <= 300


@pytest.mark.parametrize(
    ("stream", "named"),
    [
        ("audit", "Audit entries name it"),
        ("system-event", "Compute Engine’s own events name it"),
        ("kernel", "The node’s own lines or metrics name it"),
    ],
)
def test_the_summary_says_who_names_the_cause(stream, named):
    story = Story()
    for i in range(4):
        story.see("host-error", story.node(i), 2.5 + 4 * i - 0.05, stream=stream)
        story.dies(story.node(i), 2.5 + 4 * i)
    assert f" {named} in all four episodes" in story.tell().verdict.summary


def test_an_entry_that_names_no_node_is_shown_once():
    story = Story()
    for i in range(3):
        story.dies(story.node(i), 5)
    story.see("host-error", None, 4.95, stream="audit")
    evidence = [line for cause in story.tell().causes for line in cause.evidence]
    assert [line.node for line in evidence] == [None]


def test_a_node_that_is_well_again_is_not_to_be_changed():
    story = leak(Story(), workload=None)
    assert not any("cordon" in command for command in commands(story.tell()))
    story.see("pid-exhaustion", story.node(6), 23.5, times=5)
    story.goes_down(story.node(6), 23.9)
    assert f"kubectl cordon {story.node(6)}" in commands(story.tell())

"""Witnesses of the rules that compare lead-ups with controls."""

from tests.correlate.build import Story, at, pack, signal
from tests.correlate.test_controls import everywhere_at_the_time, on_these_nodes_all_day
from tests.correlate.whole import full_pack
from tests.correlate.witnesses.table import witness
from triage.model.signal import Pack, Role


@witness("controls: other nodes at the same time")
def a_storm_of_the_whole_pool() -> None:
    """A nightly job opens connections on every node; four of twelve happen to be repaired in those hours."""
    assert everywhere_at_the_time(Story()).tell().verdict.cause is None


@witness("controls: the same node at other times")
def nodes_that_always_complain() -> None:
    """Four nodes carry a proxy that fills their tables day and night; they are repaired, and live with it otherwise."""
    assert on_these_nodes_all_day(Story()).tell().verdict.cause is None


@witness("controls, both")
@witness("a signal must deviate from the controls")
def everybody_complains_all_day() -> None:
    """A setting that is too low for the whole cluster: every node drops packets every hour, few die."""
    story = Story()
    for i in range(5):
        story.dies(story.node(i), 2.5 + 4 * i)
    for node in story.names():
        for hour in range(24):
            story.see("conntrack-full", node, hour + 0.3)
    assert story.tell().verdict.cause is None


@witness("controls: the weaker of the two decides")
def a_batch_every_three_hours_on_two_nodes() -> None:
    """Two nodes run a batch that fills the table in one hour of three, as they did when they died; the rest never."""
    story = Story(nodes=30)
    for i in (0, 1):
        for k in range(7):
            story.see("conntrack-full", story.node(i), 0.6 + 3 * k, times=5)
        story.dies(story.node(i), 9.9 + 3 * i)
    assert story.tell().verdict.cause is None


@witness("controls: none in the lead-up of a slow cause")
def zombies_that_pile_up_for_a_working_day() -> None:
    """The probe lists ever more defunct children for ten hours before a node is dead: these hours are no controls."""
    story = Story()
    for i in range(3):
        story.see("zombie-processes", story.node(i), 0.5 + 5 * i, times=21, every_s=1800, stream="container")
        story.dies(story.node(i), 11 + 5 * i)
    assert story.tell(full_pack()).verdict.cause == "zombie-processes"


@witness("controls: the same hours of other days")
def a_backup_from_one_to_four_every_night() -> None:
    """Backups fill the tables of three nodes each night; each of them died in one such night, and in no other."""
    story = Story(hours=120)
    for i in range(3):
        for night in range(5):
            story.see("conntrack-full", story.node(i), 24 * night + 1, times=36, every_s=300)
        story.dies(story.node(i), 24 * (i + 1) + 2.5)
    assert story.tell().verdict.cause is None


@witness("controls count only where logs spoke")
def a_storm_of_a_pool_whose_logs_are_excluded() -> None:
    """An exclusion filter drops most nodes' logs. The three healthy ones that do write show the same at those hours."""
    story = Story(nodes=30)
    story.quiet = [(story.node(i), 0.5, 24) for i in range(8, 30)]
    for i in range(5):
        for node in (i, 5, 6, 7):
            story.see("conntrack-full", story.node(node), 2.5 + 4 * i - 0.4, times=3)
        story.dies(story.node(i), 2.5 + 4 * i)
    assert story.tell().verdict.cause is None


@witness("signals: Benjamini–Hochberg")
def one_of_thirty_kinds_of_warnings() -> None:
    """Thirty kinds of warnings come and go on every node; one of them happened to come before all five failures."""
    story, kinds = Story(nodes=14), 30
    hint = {"mechanism": False}
    noise = tuple(signal(f"warning-{k}", Role.CAUSE, "node-not-ready") for k in range(kinds))
    for i in range(5):
        story.dies(story.node(i), 2.5 + 4 * i)
        story.see("warning-0", story.node(i), 2.5 + 4 * i - 0.4, **hint)
    for k in range(kinds):
        for n in range(14):
            for hour in range(24):
                if (7 * n + 5 * hour + 3 * k) % 11 < (2 if k else 3):
                    story.see(f"warning-{k}", story.node(n), hour + 0.3, **hint)
    told = story.tell(Pack(signals=(*pack().signals, *noise), streams=()))
    assert told.verdict.confidence not in ("likely", "confirmed")


@witness("a metric at its bound is a state, not a moment")
def a_leak_over_days() -> None:
    """A slow leak is at nine tenths of the limit for five hours before the last process id is gone."""
    story = Story()
    for i in range(3):
        story.see("pid-exhaustion", story.node(i), 1 + 7 * i, stream="metric", until=at(6 + 7 * i))
        story.dies(story.node(i), 6 + 7 * i)
    assert story.tell().verdict.cause == "pid-exhaustion"


@witness("a metric at its bound is a state, not a moment")
def nodes_that_live_at_their_bound() -> None:
    """Every node's memory is at nine tenths since morning. Four died minutes after a cache had let go and refilled."""
    story = Story()
    for i, node in enumerate(story.names()):
        begin, end = (3 + 5 * i - 0.4, 3 + 5 * i) if i < 4 else (0.5, 23.9)
        story.see("memory-pressure", node, begin, stream="metric", until=at(end))
    for i in range(4):
        story.dies(story.node(i), 3 + 5 * i)
    assert story.tell().verdict.cause is None


@witness("lines before metrics in association")
def a_gauge_that_hovers_at_its_limit_for_hours() -> None:
    """Process ids wander about the threshold all day; the node dies when forks are refused, and lines say so."""
    story = Story()
    for i in range(4):
        hours = 5 + 5 * i
        for k in range(40):
            story.see("pid-exhaustion", story.node(i), hours - 4.9 + k / 10, stream="metric")
        story.see("pid-exhaustion", story.node(i), hours - 0.3, times=5)
        story.dies(story.node(i), hours)
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.confidence) == ("pid-exhaustion", "confirmed")


@witness("controls: without logs, metrics tell who was looked at")
def metrics_and_operations_alone() -> None:
    """No logs were exported. Process ids are sampled on every node; they run out on three."""
    story = Story(silent_logs=True, hours=24)
    for i in range(story.nodes):
        down = 4 + 7 * i
        for k in range(24 * 12):
            full = i < 3 and down - 1 <= k / 12 < down
            story.measure("pid_used", story.node(i), [(k / 12, 32_000.0 if full else 800.0)])
        if i < 3:
            story.see("pid-exhaustion", story.node(i), down - 1, stream="metric", until=at(down), log_name=None)
            story.dies(story.node(i), down)
    verdict = story.tell().verdict
    assert verdict.confidence == "confirmed"
    assert not any("silent" in sentence for sentence in verdict.against)


@witness("controls: pods at a limit of their own say nothing")
def a_crawler_at_its_own_limit_on_ten_nodes() -> None:
    """A crawler is refused forks all day by its own limit, harmlessly; where shims cannot be started, nodes go down."""
    story = Story(nodes=20)
    for i in range(6, 16):
        for hour in range(24):
            story.refused(story.node(i), hour + 0.1, "data/crawler", pod=f"crawler-{i}")
    for i in range(5):
        story.see("pid-exhaustion", story.node(i), 2 + 4 * i - 0.15, times=6, stream="container-runtime")
        story.dies(story.node(i), 2 + 4 * i)
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.workload) == ("pid-exhaustion", None)
    assert verdict.confidence in ("likely", "confirmed")


@witness("controls: like with like")
def an_agent_that_complains_of_its_own_limit_everywhere() -> None:
    """An agent on every node is at a limit of its own all day; kernel and kubelet name it on the dying nodes alone."""
    story = Story()
    for i, node in enumerate(story.names()):
        about = {"stream": "container", "namespace": "obs", "workload": "obs/vector", "pod": f"vector-{i}"}
        said = "failed to spawn helper: fork: Resource temporarily unavailable"
        story.see("pid-exhaustion", node, 0.1, times=70, every_s=1200, mechanism=False, message=said, **about)
    for i in range(4):
        story.see("pid-exhaustion", story.node(i), 2 + 5 * i - 0.2, times=5, stream="kubelet")
        story.dies(story.node(i), 2 + 5 * i)
    verdict = story.tell().verdict
    assert (verdict.cause, verdict.confidence) == ("pid-exhaustion", "confirmed")

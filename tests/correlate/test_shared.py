"""Several causes that share the episodes: each may be likely, but not for nodes that merely serve badly."""

from tests.correlate.build import Story
from tests.correlate.contract import SURE


def serving_badly(*, down: int) -> Story:
    """Eight nodes with a full connection table, three without process ids in another pool, `down` that went down."""
    story = Story(nodes=16)
    struck = [("conntrack-full", story.node(i)) for i in range(8)]
    struck += [("pid-exhaustion", story.node(i, "pool-2")) for i in range(3)]
    for i, (signal, node) in enumerate(struck):
        story.see(signal, node, 2 + 1.5 * i, times=6)
        story.see("probe-failure", node, 2.02 + 1.5 * i, times=4)
    for i in range(down):
        story.dies(story.node(12 + i), 5 + 6 * i)
    return story


def test_nodes_that_serve_badly_may_share_their_causes():
    incident = serving_badly(down=0).tell()
    assert [cause.signal for cause in incident.causes] == ["conntrack-full", "pid-exhaustion"]
    assert incident.verdict.confidence in SURE


def test_they_do_not_stand_in_for_nodes_that_went_down():
    incident = serving_badly(down=2).tell()
    assert sum(episode.not_ready is not None for episode in incident.episodes) == 2
    assert incident.verdict.confidence not in SURE

"""Incidents made by hand: what the renderers are shown before, and beside, whole fixtures."""

from tests.render.incidents.calm import quiet
from tests.render.incidents.leak import open_episode, pid_leak
from tests.render.incidents.many import big
from tests.render.incidents.parts import START, at, ms, node
from tests.render.incidents.unexplained import insufficient
from tests.render.incidents.upgrade import planned_upgrade

__all__ = [
    "ALL",
    "START",
    "at",
    "big",
    "insufficient",
    "ms",
    "node",
    "open_episode",
    "pid_leak",
    "planned_upgrade",
    "quiet",
]

ALL = {
    "pid-leak": pid_leak,
    "open-episode": open_episode,
    "insufficient": insufficient,
    "quiet": quiet,
    "planned-upgrade": planned_upgrade,
}

"""Which of a project's clusters is meant, and where it is."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from triage.errors import InputError
from triage.model.place import Ask


def location_of(cluster: Mapping[str, Any]) -> str | None:
    """The region or zone of a described cluster; old descriptions call it `zone` alone."""
    place = cluster.get("location") or cluster.get("zone")
    return str(place) if place else None


def pick_cluster(clusters: Sequence[dict[str, Any]], ask: Ask) -> dict[str, Any]:
    """The cluster that is meant. Raises InputError where there is none, or several bear the name."""
    named = [c for c in clusters if c.get("name") == ask.cluster or (ask.cluster is None and len(clusters) == 1)]
    found = [c for c in named if _at(c, ask.location)]
    if len(found) > 1 and (usual := [c for c in found if _at(c, ask.usual_location)]):
        found = usual
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{c.get('name')} ({location_of(c)})" for c in clusters) or "none"
    if len(found) > 1:
        places = ", ".join(str(location_of(c)) for c in found)
        raise InputError(
            f"{len(found)} clusters are called {ask.cluster}: in {places}", remedy="name one by --location"
        )
    if named:
        places = " and ".join(str(location_of(c)) for c in named)
        raise InputError(
            f"no cluster {ask.cluster or ''} in {ask.location}; it is in {places}",
            remedy="leave --location out, or say it right",
        )
    close = difflib.get_close_matches(ask.cluster or "", [str(c.get("name")) for c in clusters], n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise InputError(f"no cluster {ask.cluster or ''} in the project{hint}", remedy=f"there are: {listed}")


def _at(cluster: Mapping[str, Any], location: str | None) -> bool:
    place = location_of(cluster) or ""
    return location is None or place == location or location.startswith(f"{place}-")

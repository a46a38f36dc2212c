"""From what people have on their clipboard to a question: which cluster, which time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote

from triage.errors import InputError
from triage.model.place import Ask
from triage.units import parse_duration, parse_time

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,98}[A-Za-z0-9])?"
_PROJECT = r"(?P<project>[a-z0-9](?:[-a-z0-9.:]{0,98}[a-z0-9])?)"  # an id, example.com:id of old, or a number
_LOCATION = r"(?P<location>[a-z](?:[-a-z0-9]{0,62}[a-z0-9])?)"
_CLUSTER = f"(?P<cluster>{_NAME})"
_PATH = re.compile(f"projects/{_PROJECT}/(?:locations|zones|regions)/{_LOCATION}/clusters/{_CLUSTER}")
_CONTEXT = re.compile(f"gke_{_PROJECT}_{_LOCATION}_{_CLUSTER}")
# Without a scheme, `//container.googleapis.com/…`, is how inventories write it.
_URL = re.compile(r"(?:https?:)?//[^/?#]+(?P<path>/[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?")
_API = re.compile(f"(?:/v[0-9a-z]+)?/{_PATH.pattern}")
_CONSOLE = re.compile(f"/kubernetes/clusters/details/{_LOCATION}/{_CLUSTER}(?:/.*)?")


LONGEST = timedelta(days=36525)
"""No window is longer than a century: times further back are beyond what dates and nanoseconds hold."""


@dataclass(frozen=True)
class Place:
    """A cluster as somebody named it; None for what the name leaves open."""

    cluster: str | None
    project: str | None = None
    location: str | None = None


def parse_cluster(text: str | None) -> Place:
    """A name, a resource path, a kubeconfig context or a console URL. Raises InputError for anything else."""
    if text is None:
        return Place(None)
    text = text.strip()
    url = _URL.fullmatch(text)
    path = unquote(url["path"]) if url else ""
    if match := _PATH.fullmatch(text.removeprefix("/")) or _CONTEXT.fullmatch(text) or _API.fullmatch(path):
        return Place(match["cluster"], match["project"], match["location"])
    if url and (match := _CONSOLE.fullmatch(path)):
        project = parse_qs(url["query"] or "").get("project", [""])[0]
        return Place(match["cluster"], project if re.fullmatch(_PROJECT, project) else None, match["location"])
    if re.fullmatch(_NAME, text):
        return Place(text)
    raise InputError(
        f"--cluster {text[:120]!r} names no cluster",
        remedy="give its name, projects/P/locations/L/clusters/C, a context gke_P_L_C or its console URL",
    )


def make_ask(
    cluster: str | None,
    project: str | None,
    location: str | None,
    since: str,
    until: str | None,
    *,
    now: datetime,
) -> Ask:
    """The options as a question. Raises InputError where two of them contradict each other or a time is none."""
    place = parse_cluster(cluster)
    for option, said, named in (("--project", project, place.project), ("--location", location, place.location)):
        if said and named and said != named:
            raise InputError(
                f"{option} {said} contradicts --cluster, which says {named}", remedy="leave one of them out"
            )
    start: datetime | timedelta
    try:
        start = parse_duration(since)
    except InputError:
        start = parse_time(since, now=now)
    end = parse_time(until, now=now) if until else None
    if isinstance(start, timedelta) and start > LONGEST:
        raise InputError(f"--since {since} is longer than any log is kept", remedy="write it like 90m, 24h or 7d")
    ask = Ask(place.cluster, project or place.project, location or place.location, start, end)
    if end and isinstance(start, datetime) and start > end:
        raise InputError("--since lies after --until", remedy="give --since an earlier time, or --until a later one")
    if isinstance(start, datetime) and start > now:
        raise InputError(
            f"--since {since} lies in the future", remedy="give it a time in the past, or a length like 24h"
        )
    return ask


def check_named(ask: Ask) -> None:
    """Live APIs are asked for one cluster. Raises InputError where none is named."""
    if ask.cluster is None:
        raise InputError("which cluster?", remedy="say --cluster NAME; gcloud container clusters list shows them")


def clock(environment: Mapping[str, str]) -> datetime:
    """Now; or the second that `SOURCE_DATE_EPOCH` names, for reports that must come out the same twice."""
    fixed = environment.get("SOURCE_DATE_EPOCH")
    if fixed is None:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(fixed), UTC)
    except (ValueError, OverflowError, OSError):
        raise InputError(f"SOURCE_DATE_EPOCH={fixed!r} is no time", remedy="give seconds since 1970") from None

"""Cloud Logging v2: entries, log names, buckets, views and sinks."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import unquote

from google.cloud.logging_v2.types import logging as logging_types
from google.cloud.logging_v2.types import logging_config as config_types

from tests.emulator.dispatch import Call, Json, Method
from tests.emulator.errors import ApiError, invalid, not_found
from tests.emulator.evidence import Record
from tests.emulator.filters import EntryFilters
from tests.emulator.messages import entries_response
from tests.emulator.paging import PageTokens, Sizes, page
from tests.emulator.project import Project
from triage.units import parse_ns

MOST_RESOURCES = 100
_CONTAINER = re.compile(r"(projects|organizations|billingAccounts|folders)/[^/]+")
_VIEW = re.compile(rf"({_CONTAINER.pattern})/locations/[^/]+/buckets/([^/]+)/views/([^/]+)")
_REQUIRED_LOGS = frozenset(
    f"cloudaudit.googleapis.com/{kind}" for kind in ("activity", "system_event", "access_transparency")
)
"""What goes to the bucket `_Required`; everything else goes to `_Default`."""
_PRIVATE_LOGS = frozenset({"cloudaudit.googleapis.com/data_access", "cloudaudit.googleapis.com/access_transparency"})
"""What logging.privateLogEntries.list is needed for."""


class LoggingService:
    """Serves the entries of one evidence directory.

    `views` maps further view names to filters: what each shows.
    """

    def __init__(self, entries: Sequence[Record], project: Project, views: Mapping[str, str]) -> None:
        self._entries, self._keys = _ordered(entries)
        self._parents = [_parent(entry) for entry in self._entries]
        self._logs = [_log_id(entry) for entry in self._entries]
        self._filters = EntryFilters(self._entries)
        self._project = project
        self._found = lru_cache(maxsize=64)(self._find)
        self._views = dict(views)
        self._tokens = PageTokens()

    def list_entries(self, request: Json, call: Call) -> Json:
        """One page of entries.list. Raises ApiError for every request that the API refuses."""
        names = _resource_names(request)
        descending = _descending(request)
        sizes = Sizes(strict=True)
        sizes.of(request)  # refused before the filter is looked at
        found = self._matching(names, request.get("filter", ""), call)
        body = page("entries", found[::-1] if descending else found, request, call, self._tokens, sizes)
        if "entries" in body:
            body["entries"] = [self._entries[at] for at in body["entries"]]
        return body

    def _matching(self, names: Sequence[str], text: str, call: Call) -> Sequence[int]:
        """Positions in the order of (time, insertId), the duplicates within the result removed."""
        private = not call.faults.standing("permission-denied", "logging.ListLogEntries", _PRIVATE_PERMISSION)
        return self._found(tuple(names), text, private)

    def _find(self, names: Sequence[str], text: str, private: bool) -> Sequence[int]:
        matching = self._filters.matching(text)
        shown = [self._shown_by(name, private=private) for name in names]
        found, seen = [], set()
        for at in matching:
            key = self._keys[at]
            if key not in seen and any(shows(at) for shows in shown):
                seen.add(key)
                found.append(at)
        return found

    def _shown_by(self, name: str, *, private: bool) -> Callable[[int], bool]:
        """Whether the resource of this name shows the entry at a position."""
        view = _VIEW.fullmatch(name)
        parent = self._parent(view[1] if view else name)
        hidden = frozenset() if private else _PRIVATE_LOGS
        if view is None:
            return lambda at: self._parents[at] == parent and self._logs[at] not in hidden
        if name in self._views:
            allowed = frozenset(self._filters.matching(self._views[name]))
            return lambda at: at in allowed and self._logs[at] not in hidden
        bucket, view_id = view[3], view[4]
        if bucket not in ("_Default", "_Required") or view_id not in ("_AllLogs", "_Default"):
            raise not_found(name)
        if view_id == "_Default":
            hidden = _PRIVATE_LOGS
        required = bucket == "_Required"
        return lambda at: (
            self._parents[at] == parent
            and (self._logs[at] in _REQUIRED_LOGS) == required
            and self._logs[at] not in hidden
        )

    def _parent(self, name: str) -> str:
        """The container as log names spell it. Raises ApiError (PERMISSION_DENIED) for a project that is not here."""
        kind, _, project = name.partition("/")
        if kind != "projects":
            return name
        if not self._project.knows(project):
            raise ApiError("PERMISSION_DENIED", "Permission denied for all log views")
        return f"projects/{self._project.id_of(project)}"

    def list_logs(self, request: Json, call: Call) -> Json:
        names = request.get("resourceNames") or [request.get("parent", "")]
        shown = [self._shown_by(name, private=True) for name in names]
        logs = {entry["logName"] for at, entry in enumerate(self._entries) if any(shows(at) for shows in shown)}
        return page("logNames", sorted(logs), request, call, self._tokens)

    def list_buckets(self, request: Json, call: Call) -> Json:
        parent = request.get("parent", "").replace("/locations/-", "/locations/global")
        names = [f"{parent}/buckets/_Default", f"{parent}/buckets/_Required"]
        names += sorted({view.rsplit("/views/", 1)[0] for view in self._views} - set(names))
        found = [
            _bucket(name) for name in names if name.startswith(parent + "/") or "/locations/-" in request["parent"]
        ]
        return page("buckets", found, request, call, self._tokens)

    def get_bucket(self, request: Json, call: Call) -> Json:
        name = request.get("name", "")
        if name.rsplit("/", 1)[-1] in ("_Default", "_Required") or any(v.startswith(name + "/") for v in self._views):
            return _bucket(name)
        raise not_found(name)

    def list_views(self, request: Json, call: Call) -> Json:
        parent = request.get("parent", "")
        views = [{"name": f"{parent}/views/_AllLogs"}]
        if parent.endswith("_Default"):
            views.append(
                {"name": f"{parent}/views/_Default", "filter": 'NOT LOG_ID("cloudaudit.googleapis.com/data_access")'}
            )
        views += [{"name": name, "filter": text} for name, text in self._views.items() if name.startswith(parent + "/")]
        return page("views", views, request, call, self._tokens)

    def list_sinks(self, request: Json, call: Call) -> Json:
        parent = request.get("parent", "")
        target = f"logging.googleapis.com/{parent}/locations/global/buckets/"
        sinks = [{"name": name, "destination": target + name} for name in ("_Required", "_Default")]
        return page("sinks", sinks, request, call, self._tokens)

    def list_exclusions(self, request: Json, call: Call) -> Json:
        return {}

    def methods(self) -> list[Method]:
        """The methods to serve, over REST and gRPC."""
        return [
            Method(
                "logging", "ListLogEntries", self.list_entries, "logging.logEntries.list",
                (("POST", "/v2/entries:list"),), _LOGGING,
                logging_types.ListLogEntriesRequest.pb(), logging_types.ListLogEntriesResponse.pb(), entries_response,
            ),
            Method(
                "logging", "ListLogs", self.list_logs, "logging.logs.list", _under("logs"), _LOGGING,
                logging_types.ListLogsRequest.pb(), logging_types.ListLogsResponse.pb(),
            ),
            Method(
                "logging", "ListBuckets", self.list_buckets, "logging.buckets.list",
                (("GET", "/v2/{parent=*/*/locations/*}/buckets"),), _CONFIG,
                config_types.ListBucketsRequest.pb(), config_types.ListBucketsResponse.pb(),
            ),
            Method(
                "logging", "GetBucket", self.get_bucket, "logging.buckets.get",
                (("GET", "/v2/{name=*/*/locations/*/buckets/*}"),), _CONFIG,
                config_types.GetBucketRequest.pb(), config_types.LogBucket.pb(),
            ),
            Method(
                "logging", "ListViews", self.list_views, "logging.views.list",
                (("GET", "/v2/{parent=*/*/locations/*/buckets/*}/views"),), _CONFIG,
                config_types.ListViewsRequest.pb(), config_types.ListViewsResponse.pb(),
            ),
            Method(
                "logging", "ListSinks", self.list_sinks, "logging.sinks.list", _under("sinks"), _CONFIG,
                config_types.ListSinksRequest.pb(), config_types.ListSinksResponse.pb(),
            ),
            Method(
                "logging", "ListExclusions", self.list_exclusions, "logging.exclusions.list", _under("exclusions"),
                _CONFIG, config_types.ListExclusionsRequest.pb(), config_types.ListExclusionsResponse.pb(),
            ),
        ]  # fmt: skip


_LOGGING = "google.logging.v2.LoggingServiceV2"
_CONFIG = "google.logging.v2.ConfigServiceV2"
_PRIVATE_PERMISSION = "logging.privateLogEntries.list"


def _under(collection: str) -> tuple[tuple[str, str], ...]:
    return (("GET", f"/v2/{{parent=*/*}}/{collection}"),)


def _resource_names(request: Json) -> list[str]:
    names = [*request.get("resourceNames", ()), *(f"projects/{name}" for name in request.get("projectIds", ()))]
    if not names:
        raise invalid("resource_names: at least one resource name must be given")
    if len(names) > MOST_RESOURCES:
        raise invalid(f"resource_names: at most {MOST_RESOURCES} may be given, but there are {len(names)}")
    for name in names:
        if not _CONTAINER.fullmatch(name) and not _VIEW.fullmatch(name):
            raise invalid(f"resource_names: {name!r} is not a valid resource name")
    return names


def _descending(request: Json) -> bool:
    order = request.get("orderBy", "")
    if order not in ("", "timestamp asc", "timestamp desc"):
        raise invalid(f'order_by must be "timestamp asc" or "timestamp desc", but is {order!r}')
    return bool(order == "timestamp desc")


def _ordered(entries: Sequence[Record]) -> tuple[list[Record], list[tuple[str, int, str]]]:
    """Entries that bear a time, by (time, insertId), and the key under which each counts as a duplicate."""
    timed = []
    for entry in entries:
        try:
            ns = parse_ns(str(entry.get("timestamp") or entry["receiveTimestamp"]))
        except (ValueError, KeyError):
            continue
        timed.append((ns, str(entry.get("insertId", "")), entry))
    timed.sort(key=lambda item: item[:2])
    keys = [(_parent(entry), ns, insert_id or f"#{at}") for at, (ns, insert_id, entry) in enumerate(timed)]
    return [entry for _, _, entry in timed], keys


def _parent(entry: Record) -> str:
    return str(entry["logName"]).partition("/logs/")[0]


def _log_id(entry: Record) -> str:
    return unquote(str(entry["logName"]).partition("/logs/")[2])


def _bucket(name: str) -> Json:
    required = name.endswith("/_Required")
    return {"name": name, "retentionDays": 400 if required else 30, "locked": required, "lifecycleState": "ACTIVE"}

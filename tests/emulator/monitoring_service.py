"""Cloud Monitoring v3: time series, alerts, alert policies, services and their objectives."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from google.cloud.monitoring_v3.types import alert_service, metric_service, service_service

from tests.emulator.dispatch import Call, Json, Method
from tests.emulator.errors import ApiError, invalid
from tests.emulator.evidence import Evidence, Record
from tests.emulator.monitoring_filter import MonitoringFilter
from tests.emulator.paging import PageTokens, Sizes, page
from tests.emulator.project import Project
from tests.emulator.series import (
    LOG_ENTRY_COUNT,
    SECOND,
    Point,
    align,
    log_entry_counts,
    points_of,
    reduce,
    to_json,
    type_of,
)
from triage.units import parse_ns

_METRICS = "google.monitoring.v3.MetricService"
_POLICIES = "google.monitoring.v3.AlertPolicyService"
_SERVICES = "google.monitoring.v3.ServiceMonitoringService"
_BUILT_IN = ("kubernetes.io/", "logging.googleapis.com/", "compute.googleapis.com/", "select_slo_")
"""Metrics that exist whether or not there is data; the real service answers with an empty list for these."""

Found = tuple[Record, list[Point], str]


class MonitoringService:
    """Serves the series and alerts of one evidence directory."""

    def __init__(self, evidence: Evidence, project: Project) -> None:
        self._evidence = evidence
        self._project = project
        self._tokens = PageTokens()

    @cached_property
    def _series(self) -> list[Record]:
        stored = self._evidence.series
        if any(series["metric"].get("type") == LOG_ENTRY_COUNT for series in stored):
            return stored
        return [*stored, *log_entry_counts(self._evidence.entries)]

    def list_time_series(self, request: Json, call: Call) -> Json:
        """One page of timeSeries.list. Raises ApiError for what the service would refuse, or this one cannot do."""
        self._known(request.get("name", ""))
        for key in ("orderBy", "secondaryAggregation"):
            if request.get(key):
                raise invalid(f"Field {key} had an invalid value: Unsupported; must be left blank.")
        matches = self._selected(request.get("filter", ""))
        start, end = _interval(request)
        found: list[Found] = []
        for series in matches:
            points = [point for point in points_of(series) if start < point.end <= end or start == point.end == end]
            if points:
                found.append((series, points, type_of(series)))
        found = _aggregated(found, request.get("aggregation", {}), end)
        headers = request.get("view", "FULL") in ("HEADERS", 1)
        records = [to_json(*item, headers=headers) for item in found]
        return page("timeSeries", records, request, call, self._tokens, Sizes(100_000, 100_000))

    def _selected(self, text: str) -> list[Record]:
        """The series that a filter picks. A filter must name one metric type, or be a `select_slo_…` selector."""
        if text.startswith("select_slo_"):
            wanted = text.replace(" ", "")
            return [s for s in self._series if str(s["metric"].get("type", "")).replace(" ", "") == wanted]
        parsed = MonitoringFilter(text)
        types = [c.value for c in parsed.comparisons if c.field == "metric.type"]
        if not types:
            raise invalid(
                "The supplied filter does not specify a valid combination of metric and monitored resource "
                "descriptors. The query will not return any time series."
            )
        known = {str(series["metric"].get("type", "")) for series in self._series}
        if not any(wanted.startswith(_BUILT_IN) or wanted in known for wanted in types):
            raise ApiError(
                "NOT_FOUND",
                f'Cannot find metric(s) that match type = "{types[0]}". If a metric was created recently, it could '
                "take up to 10 minutes to become available. Please try again soon.",
            )
        return [series for series in self._series if parsed.matches({**series, "project": _project(series)})]

    def list_alerts(self, request: Json, call: Call) -> Json:
        """One page of alerts.list (REST alone has it): newest first unless `orderBy` says otherwise."""
        self._known(request["parent"])
        chosen = MonitoringFilter(request.get("filter", ""))
        alerts = [alert for alert in self._evidence.alerts if chosen.matches(alert)]
        for key, descending in reversed(_order(request.get("orderBy", ""))):
            alerts.sort(key=_by_time(key), reverse=descending)
        body = page("alerts", alerts, request, call, self._tokens)
        return {**body, "totalSize": len(alerts)}

    def get_alert(self, request: Json, call: Call) -> Json:
        self._known(request["name"])
        for alert in self._evidence.alerts:
            if alert.get("name") == request["name"]:
                return dict(alert)
        raise ApiError("NOT_FOUND", f"Could not find alert {request['name']}.")

    def list_alert_policies(self, request: Json, call: Call) -> Json:
        """The policies as the alerts remember them: name, display name, severity and labels."""
        self._known(request.get("name", ""))
        policies: dict[str, Record] = {}
        for alert in self._evidence.alerts:
            policy = alert.get("policy", {})
            if policy.get("name"):
                policies.setdefault(policy["name"], {**policy, "enabled": True})
        chosen = MonitoringFilter(request.get("filter", ""))
        found = [policy for policy in policies.values() if chosen.matches(policy)]
        return page("alertPolicies", found, request, call, self._tokens, Sizes(1000))

    def list_services(self, request: Json, call: Call) -> Json:
        """None: an evidence directory has no file for services."""
        self._known(request.get("parent", ""))
        return {}

    def _known(self, name: str) -> None:
        kind, _, rest = name.partition("/")
        if kind != "projects" or not rest:
            raise invalid(f"Name must begin with '{{resource_container_type}}/{{resource_container_id}}', got: {name}")
        if not self._project.knows(rest.split("/")[0]):
            raise ApiError("PERMISSION_DENIED", "The caller does not have permission")

    def methods(self) -> list[Method]:
        """The methods to serve; alerts over REST alone."""
        metrics, alerts, services = metric_service, alert_service, service_service
        return [
            Method(
                "monitoring", "ListTimeSeries", self.list_time_series, "monitoring.timeSeries.list",
                (("GET", "/v3/{name=projects/*}/timeSeries"),), _METRICS,
                metrics.ListTimeSeriesRequest.pb(), metrics.ListTimeSeriesResponse.pb(),
            ),
            Method(
                "monitoring", "ListAlertPolicies", self.list_alert_policies, "monitoring.alertPolicies.list",
                (("GET", "/v3/{name=projects/*}/alertPolicies"),), _POLICIES,
                alerts.ListAlertPoliciesRequest.pb(), alerts.ListAlertPoliciesResponse.pb(),
            ),
            Method(
                "monitoring", "ListServices", self.list_services, "monitoring.services.list",
                (("GET", "/v3/{parent=projects/*}/services"),), _SERVICES,
                services.ListServicesRequest.pb(), services.ListServicesResponse.pb(),
            ),
            Method(
                "monitoring", "ListServiceLevelObjectives", self.list_services, "monitoring.slos.list",
                (("GET", "/v3/{parent=projects/*/services/*}/serviceLevelObjectives"),), _SERVICES,
                services.ListServiceLevelObjectivesRequest.pb(), services.ListServiceLevelObjectivesResponse.pb(),
            ),
            Method(
                "monitoring", "ListAlerts", self.list_alerts, "monitoring.alerts.list",
                (("GET", "/v3/{parent=projects/*}/alerts"),),
            ),
            Method(
                "monitoring", "GetAlert", self.get_alert, "monitoring.alerts.get",
                (("GET", "/v3/{name=projects/*/alerts/*}"),),
            ),
        ]  # fmt: skip


def _interval(request: Json) -> tuple[int, int]:
    interval = request.get("interval", {})
    if not interval.get("endTime"):
        raise invalid("Field interval.endTime had an invalid value: The end time is required.")
    try:
        end = parse_ns(interval["endTime"])
        start = parse_ns(interval.get("startTime") or interval["endTime"])
    except ValueError as error:
        raise invalid(f"Field interval had an invalid value: {error}.") from None
    if start > end:
        raise invalid("Field interval.startTime had an invalid value: The start time must be before the end time.")
    return start, end


def _aggregated(found: list[Found], aggregation: Json, end: int) -> list[Found]:
    aligner = aggregation.get("perSeriesAligner", "ALIGN_NONE")
    reducer = aggregation.get("crossSeriesReducer", "REDUCE_NONE")
    if aligner == "ALIGN_NONE":
        if reducer != "REDUCE_NONE":
            raise invalid("Field aggregation.perSeriesAligner had an invalid value: a reducer needs an aligner.")
        return found
    seconds = float(str(aggregation.get("alignmentPeriod", "0s")).removesuffix("s"))
    if seconds < 60:
        raise invalid("Field aggregation.alignmentPeriod had an invalid value: it must be at least 60 seconds.")
    period = int(seconds * SECOND)
    aligned = [(series, *align(series, points, aligner, period, end)) for series, points, _ in found]
    if reducer == "REDUCE_NONE":
        return aligned
    return reduce(aligned, reducer, aggregation.get("groupByFields", ()))


_ORDERS = {"open_time": "openTime", "close_time": "closeTime"}


def _order(text: str) -> list[tuple[str, bool]]:
    """`open_time desc, close_time` as (key, descending) pairs. Raises ApiError for other fields."""
    out = []
    for part in (text or "open_time desc").split(","):
        field, *direction = part.split()
        if field not in _ORDERS or direction not in ([], ["desc"]):
            raise invalid(f'Field orderBy had an invalid value of "{part.strip()}".')
        out.append((_ORDERS[field], bool(direction)))
    return out


def _moment(text: Any) -> int:
    """An open alert's absent close time sorts last."""
    return parse_ns(str(text)) if text else 2**63


def _by_time(key: str) -> Callable[[Record], int]:
    return lambda alert: _moment(alert.get(key))


def _project(series: Record) -> str:
    return str(series.get("resource", {}).get("labels", {}).get("project_id", ""))

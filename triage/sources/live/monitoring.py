"""Cloud Monitoring: fired alerts (REST, the client library has none) and time series (gRPC or REST)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any

from google.api_core.client_options import ClientOptions
from google.cloud.monitoring_v3 import Aggregation, ListTimeSeriesRequest, MetricServiceClient
from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport

from triage.model.place import Window
from triage.sources.live.access import Access
from triage.sources.live.protos import rest_shape
from triage.sources.live.wire import ANSWER_S, Wire
from triage.units import format_time

NODE_METRICS = (
    "kubernetes.io/node/pid_used",
    "kubernetes.io/node/pid_limit",
    "kubernetes.io/node/memory/allocatable_utilization",
    "kubernetes.io/node/ephemeral_storage/used_bytes",
    "kubernetes.io/node/ephemeral_storage/total_bytes",
    "kubernetes.io/node/ephemeral_storage/inodes_free",
    "kubernetes.io/node/ephemeral_storage/inodes_total",
    "kubernetes.io/node/status_condition",
)
LOG_VOLUME = "logging.googleapis.com/log_entry_count"
ALIGNED = timedelta(minutes=5)
ALERTS_BEFORE = timedelta(days=1)
"""Alerts that opened this long before the window may still burn in it."""


@dataclass
class MonitoringReader:
    """Reads alerts and time series of one project."""

    access: Access
    patience_s: float = 90

    def alerts(self, window: Window) -> list[dict[str, Any]]:
        """Alerts that opened in the window or a day before, newest first, as `alerts.list` gives them.

        Raises SourceError.
        """
        path = f"/v3/projects/{self.access.project}/alerts"
        oldest = format_time(window.start - ALERTS_BEFORE)
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            query = {"pageSize": "1000", "orderBy": "open_time desc"} | ({"pageToken": token} if token else {})
            page = self._wire.ask_rest("reading alerts", partial(self._wire.get, path, query))
            alerts = page.get("alerts", [])
            found += [alert for alert in alerts if alert.get("openTime", oldest) >= oldest]
            token = page.get("nextPageToken", "")
            if not token or (alerts and alerts[-1].get("openTime", oldest) < oldest):
                return found

    def series(self, metric: str, cluster: str, window: Window, *, align_s: int = 0) -> list[dict[str, Any]]:
        """The metric's time series of the cluster's nodes; `align_s` takes the greatest value of each such span.

        Raises SourceError.
        """
        text = f'metric.type = "{metric}" AND resource.type = "k8s_node" AND resource.labels.cluster_name = "{cluster}"'
        aggregation: dict[str, str] = {}
        if metric == LOG_VOLUME:
            aggregation = {"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_DELTA"}
            # Aligned spans count back from the end: on the clock's five minutes, so are those of files.
            window = Window(start=_floor(window.start), end=_floor(window.end + ALIGNED - timedelta(microseconds=1)))
        elif align_s and metric != "kubernetes.io/node/status_condition":
            aggregation = {"alignmentPeriod": f"{align_s}s", "perSeriesAligner": "ALIGN_MAX"}
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            page = self._series_page(text, window, aggregation, token)
            found += page.get("timeSeries", [])
            token = page.get("nextPageToken", "")
            if not token:
                return found

    def _series_page(self, text: str, window: Window, aggregation: Mapping[str, str], token: str) -> dict[str, Any]:
        def over_grpc(client: MetricServiceClient) -> dict[str, Any]:
            request = _series_request(f"projects/{self.access.project}", text, window, aggregation, token)
            return rest_shape(next(iter(client.list_time_series(request=request, retry=None, timeout=ANSWER_S).pages)))

        query = {
            "filter": text,
            "interval.startTime": format_time(window.start),
            "interval.endTime": format_time(window.end),
            "view": "FULL",
            "pageSize": "100000",
        }
        query |= {f"aggregation.{key}": value for key, value in aggregation.items()}
        query |= {"pageToken": token} if token else {}
        over_rest = partial(self._wire.get, f"/v3/projects/{self.access.project}/timeSeries", query)
        return self._wire.ask("reading metrics", lambda: self._client, over_grpc, over_rest, begun=bool(token))

    @cached_property
    def _wire(self) -> Wire:
        return Wire(self.access, "monitoring", self.patience_s)

    @cached_property
    def _client(self) -> MetricServiceClient:
        endpoint = self._wire.endpoint
        if endpoint.secure:
            options = ClientOptions(api_endpoint=endpoint.host, quota_project_id=self.access.quota_project)
            return MetricServiceClient(credentials=self.access.credentials, client_options=options)
        return MetricServiceClient(transport=MetricServiceGrpcTransport(channel=self._wire.channel))


def _series_request(
    name: str, text: str, window: Window, aggregation: Mapping[str, str], token: str
) -> ListTimeSeriesRequest:
    request = ListTimeSeriesRequest(
        name=name,
        filter=text,
        interval={"start_time": window.start, "end_time": window.end},
        view=ListTimeSeriesRequest.TimeSeriesView.FULL,
        page_size=100_000,
        page_token=token,
    )
    if aggregation:
        request.aggregation = Aggregation(
            alignment_period={"seconds": int(aggregation["alignmentPeriod"].removesuffix("s"))},
            per_series_aligner=aggregation["perSeriesAligner"],
        )
    return request


def _floor(moment: datetime) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % ALIGNED.total_seconds())

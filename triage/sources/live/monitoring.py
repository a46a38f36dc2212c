"""Cloud Monitoring: fired alerts (REST, the client library has none) and time series (gRPC or REST)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import google.api_core.exceptions as gexc
import grpc
from google.api_core.client_options import ClientOptions
from google.cloud.monitoring_v3 import Aggregation, ListTimeSeriesRequest, MetricServiceClient
from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport

from triage.model.place import Window
from triage.sources.live.access import Access
from triage.sources.live.faults import FIRST_PATIENCE_S, google_faults, retrying
from triage.sources.live.protos import rest_shape
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
        oldest = format_time(window.start - ALERTS_BEFORE)
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            query = {"pageSize": "1000", "orderBy": "open_time desc"} | ({"pageToken": token} if token else {})
            page = self._get("reading alerts", "alerts", query)
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
        endpoint = self.access.endpoints.monitoring
        if endpoint.grpc_first:
            with google_faults("reading metrics", "monitoring", self.access):
                try:
                    return self._grpc_series(text, window, aggregation, token)
                except (gexc.ServiceUnavailable, gexc.MethodNotImplemented, gexc.RetryError):
                    if token or not endpoint.rest_allowed:
                        raise
        query = {
            "filter": text,
            "interval.startTime": format_time(window.start),
            "interval.endTime": format_time(window.end),
            "view": "FULL",
            "pageSize": "100000",
        }
        query |= {f"aggregation.{key}": value for key, value in aggregation.items()}
        return self._get("reading metrics", "timeSeries", query | ({"pageToken": token} if token else {}))

    def _grpc_series(self, text: str, window: Window, aggregation: Mapping[str, str], token: str) -> dict[str, Any]:
        request = ListTimeSeriesRequest(
            name=f"projects/{self.access.project}",
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
        again = FIRST_PATIENCE_S if self.access.endpoints.monitoring.rest_allowed else self.patience_s
        pager = retrying(lambda: self._grpc.list_time_series(request=request, retry=None, timeout=60), patience_s=again)
        return rest_shape(next(iter(pager.pages)))

    def _get(self, doing: str, what: str, query: Mapping[str, str]) -> dict[str, Any]:
        endpoint = self.access.endpoints.monitoring
        url = f"{endpoint.url}/v3/projects/{self.access.project}/{what}"

        def ask() -> dict[str, Any]:
            answer = self.access.http(endpoint).get(url, params=dict(query), timeout=60)
            if not answer.ok:
                raise gexc.from_http_response(answer)
            page: dict[str, Any] = answer.json()
            return page

        with google_faults(doing, "monitoring", self.access):
            return retrying(ask, patience_s=self.patience_s)

    @cached_property
    def _grpc(self) -> MetricServiceClient:
        endpoint = self.access.endpoints.monitoring
        if endpoint.secure:
            options = ClientOptions(api_endpoint=endpoint.host, quota_project_id=self.access.quota_project)
            return MetricServiceClient(credentials=self.access.credentials, client_options=options)
        channel = grpc.insecure_channel(endpoint.host, options=[("grpc.max_receive_message_length", -1)])
        return MetricServiceClient(transport=MetricServiceGrpcTransport(channel=channel))


def _floor(moment: datetime) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % ALIGNED.total_seconds())

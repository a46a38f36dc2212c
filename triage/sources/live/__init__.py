"""The live APIs: everything a run needs is collected into a bundle, which is then read like any other evidence."""

from triage.sources.live.access import Access, Endpoint, Endpoints, Transport
from triage.sources.live.collection import Collection, Limits, collect

__all__ = ["Access", "Collection", "Endpoint", "Endpoints", "Limits", "Transport", "collect"]

"""What people have on their clipboard becomes a question."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from triage.cli.where import clock, make_ask, parse_cluster
from triage.errors import InputError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "cluster", "project", "location"),
    [
        ("prod", "prod", None, None),
        ("  prod-1 ", "prod-1", None, None),
        ("projects/shop/locations/europe-west1/clusters/prod", "prod", "shop", "europe-west1"),
        ("projects/shop/zones/us-central1-a/clusters/prod", "prod", "shop", "us-central1-a"),
        ("gke_shop_us-central1-a_prod", "prod", "shop", "us-central1-a"),
        ("//container.googleapis.com/projects/shop/locations/us-a/clusters/prod", "prod", "shop", "us-a"),
        ("gke_example.com:shop_us-central1-a_prod_2", "prod_2", "example.com:shop", "us-central1-a"),
        ("https://container.googleapis.com/v1/projects/shop/zones/us-a/clusters/prod", "prod", "shop", "us-a"),
        (
            "https://console.cloud.google.com/kubernetes/clusters/details/us-central1/prod/nodes?project=shop&x=1",
            "prod",
            "shop",
            "us-central1",
        ),
    ],
)
def test_every_way_to_name_a_cluster(text: str, cluster: str, project: str | None, location: str | None) -> None:
    place = parse_cluster(text)
    assert (place.cluster, place.project, place.location) == (cluster, project, location)


@pytest.mark.parametrize(
    "text",
    [
        *("", "a b", "prod;rm -rf /", "https://example.com/", "../x", "-prod", "x" * 500, "http://[::1", "//"),
        "projects/shop/locations/europe west/clusters/prod",
        "projects/shop;id/locations/europe-west1/clusters/prod",
        "projects/shop/locations/europe-west1/clusters/prod|x",
        "any/thing/projects/shop/locations/europe-west1/clusters/prod",
        "gke_shop_$(id)_prod",
        "https://console.cloud.google.com/kubernetes/clusters/details/us-central1/a%20b?project=shop",
    ],
)
def test_what_names_no_cluster_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="names no cluster"):
        parse_cluster(text)


def test_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="--project other contradicts"):
        make_ask("gke_shop_us-a_prod", "other", None, "24h", None, now=NOW)
    with pytest.raises(InputError, match="after --until"):
        make_ask("prod", None, None, "2026-02-02T00:00:00Z", "2026-02-01T00:00:00Z", now=NOW)
    with pytest.raises(InputError, match="future"):
        make_ask("prod", None, None, "2027-02-02T00:00:00Z", None, now=NOW)
    with pytest.raises(InputError, match="longer than any log"):
        make_ask("prod", None, None, "99999999d", None, now=NOW)


def test_since_counts_back_from_the_end_that_is_found_later() -> None:
    ask = make_ask("prod", None, None, "90m", None, now=NOW)
    end = datetime(2019, 6, 1, tzinfo=UTC)
    assert ask.window(end).start == end - timedelta(minutes=90)
    assert ask.window(end).end == end


def test_the_clock_can_be_fixed() -> None:
    assert clock({"SOURCE_DATE_EPOCH": "0"}) == datetime(1970, 1, 1, tzinfo=UTC)
    assert clock({k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}).tzinfo is UTC
    with pytest.raises(InputError):
        clock({"SOURCE_DATE_EPOCH": "soon"})

"""Which cluster is meant: names, places that were said, and gcloud's own, which are a habit."""

from typing import Any

import pytest

from triage.errors import InputError
from triage.model.place import Ask
from triage.sources.live.clusters import pick_cluster

REGIONAL = {"name": "prod", "location": "europe-west4"}
ZONAL = {"name": "prod", "location": "us-east1-b"}
OLD = {"name": "legacy", "zone": "us-central1-a"}


def picked(*clusters: dict[str, Any], **asked: str) -> dict[str, Any]:
    return pick_cluster(clusters, Ask(**asked))  # type: ignore[arg-type] # texts alone


def test_gclouds_own_place_only_settles_which_of_several_is_meant() -> None:
    assert picked(REGIONAL, OLD, cluster="prod", usual_location="us-central1-a") is REGIONAL
    assert picked(REGIONAL, ZONAL, cluster="prod", usual_location="us-east1-b") is ZONAL
    assert picked(REGIONAL, ZONAL, cluster="prod", usual_location="europe-west4-c") is REGIONAL
    with pytest.raises(InputError, match="2 clusters are called prod: in europe-west4, us-east1-b") as caught:
        picked(REGIONAL, ZONAL, cluster="prod", usual_location="asia-east1-a")
    assert "--location" in caught.value.remedy


def test_a_place_that_was_said_is_meant() -> None:
    assert picked(REGIONAL, ZONAL, cluster="prod", location="us-east1-b", usual_location="europe-west4") is ZONAL
    assert picked(REGIONAL, cluster="prod", location="europe-west4-a") is REGIONAL  # a zone of its region
    with pytest.raises(InputError, match="no cluster prod in us-west1; it is in europe-west4 and us-east1-b"):
        picked(REGIONAL, ZONAL, cluster="prod", location="us-west1")


def test_old_descriptions_name_their_zone() -> None:
    assert picked(OLD, cluster="legacy", location="us-central1-a") is OLD
    with pytest.raises(InputError, match="did you mean legacy") as caught:
        picked(OLD, cluster="legcy")
    assert "legacy (us-central1-a)" in caught.value.remedy

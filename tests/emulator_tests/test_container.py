"""container v1 over both wires, with the real client."""

from collections.abc import Iterator

import grpc
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.container_v1 import ClusterManagerClient
from google.cloud.container_v1.services.cluster_manager.transports import (
    ClusterManagerGrpcTransport,
    ClusterManagerRestTransport,
)
from google.cloud.container_v1.types import Operation

from tests.emulator import Emulator
from tests.emulator_tests.sample import LOCATION, NUMBER, PROJECT, REPAIR

ALL = f"projects/{PROJECT}/locations/-"
HERE = f"projects/{PROJECT}/locations/{LOCATION}"


@pytest.fixture(params=["grpc", "rest"])
def client(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[ClusterManagerClient]:
    if request.param == "grpc":
        with grpc.insecure_channel(emulator.grpc_address) as channel:
            yield ClusterManagerClient(transport=ClusterManagerGrpcTransport(channel=channel))
        return
    host = emulator.rest_url.removeprefix("http://")
    transport = ClusterManagerRestTransport(credentials=AnonymousCredentials(), host=host, url_scheme="http")
    yield ClusterManagerClient(transport=transport)
    transport.close()


def test_operations_of_all_locations(client: ClusterManagerClient) -> None:
    response = client.list_operations(parent=ALL)
    repair, upgrade = response.operations
    assert repair.operation_type == Operation.Type.AUTO_REPAIR_NODES
    assert repair.start_time == "2026-03-01T04:12:00.103625653Z"
    assert upgrade.zone == "us-central1-a"
    assert not response.missing_zones


def test_operations_of_one_location_by_both_spellings(client: ClusterManagerClient) -> None:
    assert [o.name for o in client.list_operations(parent=HERE).operations] == [REPAIR]
    legacy = client.list_operations(project_id=NUMBER, zone="us-central1-a")
    assert [o.name for o in legacy.operations] == ["operation-2-zonal"]


def test_one_operation(client: ClusterManagerClient) -> None:
    assert client.get_operation(name=f"{HERE}/operations/{REPAIR}").status == Operation.Status.DONE
    with pytest.raises(exceptions.NotFound, match="operation-0"):
        client.get_operation(name=f"{HERE}/operations/operation-0")


def test_clusters_and_pools(client: ClusterManagerClient) -> None:
    assert [c.name for c in client.list_clusters(parent=ALL).clusters] == ["front"]
    front = client.get_cluster(name=f"{HERE}/clusters/front")
    assert front.node_pools[0].management.auto_repair
    assert client.get_node_pool(name=f"{HERE}/clusters/front/nodePools/default").config.machine_type == "e2-standard-4"
    assert len(client.list_node_pools(parent=f"{HERE}/clusters/front").node_pools) == 1
    assert client.get_server_config(name=HERE).valid_master_versions == ["1.31.5-gke.1023000"]


def test_a_cluster_elsewhere_is_not_found(client: ClusterManagerClient) -> None:
    with pytest.raises(exceptions.NotFound, match="clusters/front"):
        client.get_cluster(name=f"projects/{PROJECT}/locations/us-east1/clusters/front")


def test_a_location_that_does_not_answer(client: ClusterManagerClient, emulator: Emulator) -> None:
    emulator.faults.add("missing-zones", zones=("us-central1-a",))
    response = client.list_operations(parent=ALL)
    assert [o.name for o in response.operations] == [REPAIR]
    assert response.missing_zones == ["us-central1-a"]


def test_a_foreign_project_is_denied(client: ClusterManagerClient) -> None:
    with pytest.raises(exceptions.Forbidden, match=r"container\.clusters\.list"):
        client.list_clusters(parent="projects/somebody-else/locations/-")

"""What `triage doctor` asks beside the evidence: the project, its permissions, its enabled APIs."""

from collections.abc import Callable

from tests.emulator.dispatch import TITLES, Call, Json, Method
from tests.emulator.errors import ApiError
from tests.emulator.faults import Faults
from tests.emulator.project import Project


class PlatformServices:
    """Cloud Resource Manager and Service Usage. Faults of the other methods decide what is held and enabled."""

    def __init__(self, project: Project, faults: Faults) -> None:
        self._project = project
        self._faults = faults
        self.others: list[Method] = []
        """The methods whose permissions and APIs are asked about."""

    def get_project(self, request: Json, call: Call) -> Json:
        """Cloud Resource Manager v1's Project."""
        self._known(request["project"])
        return {
            "projectId": self._project.id,
            "projectNumber": self._project.number,
            "name": self._project.id,
            "lifecycleState": "ACTIVE",
        }

    def get_project_v3(self, request: Json, call: Call) -> Json:
        """Cloud Resource Manager v3's Project."""
        self._known(request["project"])
        return {
            "name": f"projects/{self._project.number}",
            "projectId": self._project.id,
            "displayName": self._project.id,
            "state": "ACTIVE",
        }

    def test_permissions(self, request: Json, call: Call) -> Json:
        """Those of the asked permissions that no fault denies."""
        self._known(request["project"])
        held = [name for name in request.get("permissions", ()) if not self._denied(name)]
        return {"permissions": held} if held else {}

    def _denied(self, permission: str) -> bool:
        users = [m.name for m in self.others if m.permission == permission]
        named = users or [permission.split(".", 1)[0] + ".*"]
        return any(self._faults.standing("permission-denied", name, permission) for name in named)

    def list_services(self, request: Json, call: Call) -> Json:
        """Service Usage v1, `filter` none, `state:ENABLED` or `state:DISABLED`."""
        self._known(request["project"])
        wanted = request.get("filter", "").partition(":")[2]
        services = [self._service(api) for api in TITLES]
        return {"services": [s for s in services if wanted in ("", s["state"])]}

    def get_service(self, request: Json, call: Call) -> Json:
        self._known(request["project"])
        return self._service(request["service"].removesuffix(".googleapis.com"))

    def _service(self, api: str) -> Json:
        probes = [m.name for m in self.others if m.api == api]
        disabled = any(self._faults.standing("service-disabled", name) for name in probes)
        name = f"{api}.googleapis.com"
        return {
            "name": f"projects/{self._project.number}/services/{name}",
            "config": {"name": name, "title": TITLES.get(api, api)},
            "state": "DISABLED" if disabled or api not in TITLES else "ENABLED",
        }

    def _known(self, project: str) -> None:
        if not self._project.knows(project):
            raise ApiError("PERMISSION_DENIED", "The caller does not have permission")

    def methods(self) -> list[Method]:
        """The methods to serve, over REST alone."""

        def manager(rpc: str, handler: Handler, permission: str, verb: str, path: str) -> Method:
            return Method("cloudresourcemanager", rpc, handler, permission, ((verb, path),))

        def usage(rpc: str, handler: Handler, permission: str, path: str) -> Method:
            return Method("serviceusage", rpc, handler, permission, (("GET", path),))

        test = "/projects/{project}:testIamPermissions"
        services = "/v1/projects/{project}/services"
        return [
            manager("GetProject", self.get_project, "resourcemanager.projects.get", "GET", "/v1/projects/{project}"),
            manager("GetProject", self.get_project_v3, "resourcemanager.projects.get", "GET", "/v3/projects/{project}"),
            manager("TestIamPermissions", self.test_permissions, "", "POST", "/v1" + test),
            manager("TestIamPermissions", self.test_permissions, "", "POST", "/v3" + test),
            usage("ListServices", self.list_services, "serviceusage.services.list", services),
            usage("GetService", self.get_service, "serviceusage.services.get", services + "/{service}"),
        ]


Handler = Callable[[Json, Call], Json]

"""Who asks, whom, and how: credentials, endpoints and transport of the Google APIs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import google.auth
import google.auth.exceptions
import google.auth.impersonated_credentials
import google.oauth2.credentials
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.transport.requests import AuthorizedSession

from triage.errors import AccessError, InputError
from triage.sources.live.contact import Contact
from triage.sources.live.gcloud import access_token

SCOPES = ("https://www.googleapis.com/auth/cloud-platform.read-only",)
# Impersonation mints a token through the IAM API, which takes no narrower scope.
_IMPERSONATING = ("https://www.googleapis.com/auth/cloud-platform",)

SIGN_IN = "gcloud auth application-default login   # or, for gcloud itself: gcloud auth login"


class Transport(StrEnum):
    """`TRIAGE_TRANSPORT`: auto is gRPC for https endpoints and REST for http ones."""

    AUTO = "auto"
    GRPC = "grpc"
    REST = "rest"


@dataclass(frozen=True)
class Endpoint:
    """Where an API answers."""

    url: str
    """With scheme, without a slash at the end."""
    transport: Transport = Transport.AUTO

    @property
    def secure(self) -> bool:
        """Whether the way there is encrypted; credentials never travel any other way."""
        return self.url.startswith("https://")

    @property
    def host(self) -> str:
        """Host and port, as gRPC wants them."""
        return self.url.split("://", 1)[-1].split("/", 1)[0]

    @property
    def grpc_first(self) -> bool:
        """Whether to try gRPC before REST."""
        return self.transport is Transport.GRPC or (self.transport is Transport.AUTO and self.secure)

    @property
    def rest_allowed(self) -> bool:
        """Whether REST may be used: always, unless gRPC was asked for by name."""
        return self.transport is not Transport.GRPC


@dataclass(frozen=True)
class Endpoints:
    """The APIs that a collection reads."""

    logging: Endpoint
    container: Endpoint
    monitoring: Endpoint

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Endpoints":
        """From gcloud's variables (`CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING`, …) and `TRIAGE_TRANSPORT`.

        Raises InputError for a value that is none.
        """
        wanted = environment.get("TRIAGE_TRANSPORT", "auto").lower()
        if wanted not in set(Transport):
            raise InputError(f"TRIAGE_TRANSPORT={wanted!r} is no transport", remedy="use auto, grpc or rest")
        transport = Transport(wanted)

        def endpoint(api: str) -> Endpoint:
            variable = f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api.upper()}"
            url = environment.get(variable) or f"https://{api}.googleapis.com/"
            if not url.startswith(("http://", "https://")):
                raise InputError(f"{variable}={url!r} is no endpoint", remedy="write it like https://HOST:PORT/")
            return Endpoint(url.rstrip("/"), transport)

        return cls(endpoint("logging"), endpoint("container"), endpoint("monitoring"))

    def of_api(self, api: str) -> Endpoint:
        """The endpoint of `logging`, `container` or `monitoring`."""
        return {"logging": self.logging, "container": self.container, "monitoring": self.monitoring}[api]

    @property
    def need_credentials(self) -> bool:
        """Whether any of them is reached over https."""
        return any(e.secure for e in (self.logging, self.container, self.monitoring))


@dataclass(frozen=True)
class Access:
    """The right to ask: made once, shared by all sources."""

    project: str
    credentials: Credentials
    endpoints: Endpoints
    quota_project: str | None = None
    account: str | None = None
    """Who we are, as far as known; for messages and commands."""
    contact: Contact = field(default_factory=Contact, compare=False)
    """Whether any server has answered yet."""

    @classmethod
    def sign_in(
        cls,
        project: str,
        endpoints: Endpoints,
        *,
        impersonate: str | None = None,
        quota_project: str | None = None,
        account: str | None = None,
    ) -> "Access":
        """Application Default Credentials, else the signed-in gcloud's token.

        Raises AccessError, with both commands, where there is neither.
        """
        if not endpoints.need_credentials:
            return cls(project, AnonymousCredentials(), endpoints, quota_project, account)
        credentials = _source_credentials(_IMPERSONATING if impersonate else SCOPES, quota_project)
        if impersonate:
            credentials = google.auth.impersonated_credentials.Credentials(
                source_credentials=credentials,
                target_principal=impersonate,
                target_scopes=list(SCOPES),
                quota_project_id=quota_project,
            )
            account = impersonate
        account = account or getattr(credentials, "service_account_email", None)
        return cls(project, credentials, endpoints, quota_project, account)

    @cached_property
    def session(self) -> AuthorizedSession:
        """An HTTP session that signs its requests."""
        return AuthorizedSession(self.credentials)

    @cached_property
    def plain_session(self) -> AuthorizedSession:
        """An HTTP session that signs nothing, for http endpoints."""
        return AuthorizedSession(AnonymousCredentials())

    def http(self, endpoint: Endpoint) -> AuthorizedSession:
        """The session that suits `endpoint`."""
        return self.session if endpoint.secure else self.plain_session


def _source_credentials(scopes: tuple[str, ...], quota_project: str | None) -> Credentials:
    # Off Google Cloud the metadata server does not answer; without this the answer "signed out" takes ten seconds.
    os.environ.setdefault("GCE_METADATA_TIMEOUT", "2")
    os.environ.setdefault("GCE_METADATA_DETECT_RETRIES", "1")
    try:
        found: Credentials = google.auth.default(scopes=list(scopes), quota_project_id=quota_project)[0]
    except google.auth.exceptions.DefaultCredentialsError as missing:
        token = access_token()
        if token is None:
            raise AccessError("no Google credentials found, and gcloud is not signed in", remedy=SIGN_IN) from missing
        credentials: Credentials = google.oauth2.credentials.Credentials(token, quota_project_id=quota_project)
        return credentials
    return found

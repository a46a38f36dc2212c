"""Credentials, endpoints and gcloud's own configuration."""

import stat
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials

from triage.errors import AccessError, InputError
from triage.sources.live import Access, Endpoints
from triage.sources.live.gcloud import active_defaults


def test_endpoints_default_to_google_over_grpc() -> None:
    endpoints = Endpoints.of({})
    assert endpoints.logging.url == "https://logging.googleapis.com"
    assert endpoints.logging.host == "logging.googleapis.com"
    assert endpoints.logging.grpc_first
    assert endpoints.need_credentials


def test_http_endpoints_are_rest_and_never_get_credentials() -> None:
    overrides = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": "http://127.0.0.1:1/" for api in ("LOGGING", "CONTAINER")}
    endpoints = Endpoints.of(overrides)
    assert not endpoints.logging.grpc_first
    assert endpoints.monitoring.secure
    access = Access("p", object(), endpoints)  # type: ignore[arg-type] # any credentials would do
    assert isinstance(access.http(endpoints.logging).credentials, AnonymousCredentials)
    assert access.http(endpoints.monitoring).credentials is access.credentials


@pytest.mark.parametrize(
    "environment",
    [{"TRIAGE_TRANSPORT": "carrier-pigeon"}, {"CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING": "logging.example:443"}],
)
def test_values_that_make_no_sense_are_refused(environment: dict[str, str]) -> None:
    with pytest.raises(InputError):
        Endpoints.of(environment)


def fake_gcloud(directory: Path, script: str) -> Path:
    directory.mkdir(exist_ok=True)
    program = directory / "gcloud"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return directory


def signed_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


def test_signed_out_everywhere_names_both_commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    signed_out(monkeypatch, tmp_path)
    monkeypatch.setenv("PATH", str(fake_gcloud(tmp_path / "bin", "exit 1")))
    with pytest.raises(AccessError) as caught:
        Access.sign_in("p", Endpoints.of({}))
    assert "gcloud auth application-default login" in caught.value.remedy
    assert "gcloud auth login" in caught.value.remedy


def test_without_default_credentials_the_signed_in_gcloud_gives_a_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signed_out(monkeypatch, tmp_path)
    program = fake_gcloud(tmp_path / "bin", """echo '{"token": "ya29.borrowed"}'""")
    monkeypatch.setenv("PATH", f"{program}:/usr/bin:/bin")
    access = Access.sign_in("p", Endpoints.of({}))
    assert access.credentials.token == "ya29.borrowed"


def test_impersonation_is_done_once_and_billed_to_the_quota_project(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signed_out(monkeypatch, tmp_path)
    monkeypatch.setenv("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", "reader@p.iam.gserviceaccount.com")
    program = fake_gcloud(tmp_path / "bin", """echo '{"token": "own'$CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT'"}'""")
    monkeypatch.setenv("PATH", f"{program}:/usr/bin:/bin")
    access = Access.sign_in(
        "p", Endpoints.of({}), impersonate="reader@p.iam.gserviceaccount.com", quota_project="payer"
    )
    assert access.account == "reader@p.iam.gserviceaccount.com"
    assert getattr(access.credentials, "_source_credentials").token == "own"  # noqa: B009 - theirs, and private
    assert access.credentials.quota_project_id == "payer"


def test_gclouds_active_configuration_is_read_as_gcloud_reads_it(tmp_path: Path) -> None:
    (tmp_path / "configurations").mkdir()
    (tmp_path / "active_config").write_text("work\n")
    (tmp_path / "configurations" / "config_work").write_text(
        "[core]\nproject = shop-prod\naccount = oncall@example.com\n[compute]\nzone = europe-west1-b\n"
    )
    (tmp_path / "configurations" / "config_other").write_text("[core]\nproject = other\n")
    here = {"CLOUDSDK_CONFIG": str(tmp_path)}
    defaults = active_defaults(here)
    assert (defaults.project, defaults.location, defaults.account) == (
        "shop-prod",
        "europe-west1-b",
        "oncall@example.com",
    )
    assert active_defaults(here | {"CLOUDSDK_ACTIVE_CONFIG_NAME": "other"}).project == "other"
    assert active_defaults(here | {"CLOUDSDK_CORE_PROJECT": "said"}).project == "said"
    assert active_defaults(here | {"CLOUDSDK_CORE_PROJECT": ""}).project is None
    assert active_defaults({"CLOUDSDK_CONFIG": str(tmp_path / "none")}).project is None

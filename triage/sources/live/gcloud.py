"""gcloud's active configuration and its signed-in account, so that nothing needs to be set up twice."""

import configparser
import json
import os
import shutil
import subprocess  # nosec: gcloud is called with fixed arguments
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from triage.errors import SourceError


@dataclass(frozen=True)
class Defaults:
    """What gcloud would use if asked now; None where it is not set."""

    project: str | None = None
    location: str | None = None
    account: str | None = None
    impersonate: str | None = None


def active_defaults(environment: Mapping[str, str]) -> Defaults:
    """Read gcloud's active configuration as gcloud does: environment over the named configuration's file."""
    home = Path(environment.get("HOME", "~")).expanduser()
    root = Path(environment.get("CLOUDSDK_CONFIG", home / ".config" / "gcloud"))
    name = environment.get("CLOUDSDK_ACTIVE_CONFIG_NAME") or _text(root / "active_config") or "default"
    file = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        file.read_string(_text(root / "configurations" / f"config_{name}"))
    except configparser.Error:
        file = configparser.ConfigParser()

    def setting(section: str, key: str) -> str | None:
        written = file.get(section, key, fallback=None)
        return (
            environment.get(f"CLOUDSDK_{section}_{key}".upper(), written) or None
        )  # set to nothing, it counts as well

    return Defaults(
        project=setting("core", "project") or environment.get("GOOGLE_CLOUD_PROJECT"),
        location=setting("compute", "zone") or setting("compute", "region"),
        account=setting("core", "account"),
        impersonate=setting("auth", "impersonate_service_account"),
    )


def access_token(timeout_s: float = 30) -> str | None:
    """The signed-in account's access token; None where gcloud is missing or signed out.

    Raises SourceError where gcloud hangs.
    """
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a fixed argument list, no shell
            [gcloud, "auth", "print-access-token", "--format=json", "--quiet"],
            # The account's own token: whom to impersonate is for us to do, and not twice.
            env=os.environ | {"CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT": ""},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceError("gcloud auth print-access-token does not answer") from None
    if done.returncode != 0:
        return None
    try:
        printed = json.loads(done.stdout)
    except ValueError:
        return done.stdout.strip() or None
    return printed.get("token") if isinstance(printed, dict) else str(printed)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""

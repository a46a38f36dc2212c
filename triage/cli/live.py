"""What the commands that read live APIs share: sign in, collect."""

import os
import re
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from triage.errors import InputError
from triage.model.place import Ask

_RESOURCE = re.compile(
    r"(projects|folders|organizations|billingAccounts)/[-\w.:]+(/locations/[-\w]+/buckets/[-\w.]+/views/[-\w.]+)?",
    re.ASCII,
)

if TYPE_CHECKING:
    from triage.model.signal import Pack
    from triage.sources.live import Access, Collection


@dataclass(frozen=True)
class Reach:
    """How live sources are reached, as the options say it."""

    impersonate: str | None = None
    quota_project: str | None = None
    resources: tuple[str, ...] = ()
    kubeconfig: Path | None = None

    def __post_init__(self) -> None:
        if self.kubeconfig and not self.kubeconfig.is_file():
            raise InputError(f"--kubeconfig {self.kubeconfig}: no such file", remedy="name a kubeconfig file")
        for name in self.resources:
            if not _RESOURCE.fullmatch(name):
                raise InputError(
                    f"--resource {name!r} names no place of logs",
                    remedy="write projects/P or projects/P/locations/L/buckets/B/views/V",
                )


def sign_in(ask: Ask, reach: Reach) -> "tuple[Ask, Access]":
    """The question with gcloud's defaults filled in, and the right to ask it.

    Raises InputError where no project is known, AccessError where nobody is signed in.
    """
    from triage.sources.live import Access, Endpoints
    from triage.sources.live.gcloud import active_defaults

    defaults = active_defaults(os.environ)
    ask = replace(ask, project=ask.project or defaults.project, usual_location=defaults.location)
    if not ask.project:
        raise InputError("which project?", remedy="say --project ID, or: gcloud config set project ID")
    access = Access.sign_in(
        ask.project,
        Endpoints.of(os.environ),
        impersonate=reach.impersonate or defaults.impersonate,
        quota_project=reach.quota_project,
        account=defaults.account,
    )
    return ask, access


def collect_into(
    path: Path, ask: Ask, pack: "Pack", access: "Access", reach: Reach, *, now: datetime, quiet: bool
) -> "Collection":
    """Collect everything the pack wants into `path`, with progress on a terminal; say where an earlier run went on."""
    from triage.cli.progress import shown
    from triage.sources.live import collect
    from triage.sources.live.reads import broad_reads

    with shown(quiet=quiet) as progress:
        collected = collect(
            access,
            ask,
            broad_reads(pack),
            path,
            now=now,
            resources=reach.resources,
            kubeconfig=reach.kubeconfig,
            progress=progress,
        )
    if collected.resumed and not quiet:
        sys.stderr.write(f"triage: {path}: went on with what an earlier run began; other times: --since and --until\n")
    return collected

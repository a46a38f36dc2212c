"""`triage doctor`: what a run would miss, before it is needed."""

import os
import sys

from triage.cli import options
from triage.errors import AccessError

EPILOG = """\
Example:

triage doctor --cluster prod --project shop-prod
"""


def doctor(
    cluster: options.Cluster = None,
    project: options.Project = None,
    location: options.Location = None,
    impersonate: options.Impersonate = None,
    quota_project: options.QuotaProject = None,
    kubeconfig: options.Kubeconfig = None,
) -> int:
    """Try credentials and every source once, and say what is missing and which command mends it.

    Exits with 0 when everything can be read, 2 when there is no such cluster, 3 when something is missing, 4 when
    nothing may be read.
    """
    from rich.console import Console
    from rich.markup import escape

    from triage.cli.live import Reach, sign_in
    from triage.cli.where import clock, make_ask
    from triage.sources.live.checkup import Check, check_up
    from triage.sources.live.contact import NO_WAY_OUT

    now = clock(os.environ)
    reach = Reach(impersonate, quota_project, (), kubeconfig)
    ask, access = sign_in(make_ask(cluster, project, location, "24h", None, now=now), reach)
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    who = f"as {access.account}" if access.account else "signed in"
    if not access.endpoints.need_credentials:
        who = "none used, since every endpoint is http"
    checks = [Check("credentials", True, f"{who}; project {access.project}", source=False)]
    for check in (*checks, *check_up(access, ask, now=now, kubeconfig=reach.kubeconfig)):
        checks.append(check)
        mark = "[green]ok     [/]" if check.good else "[red]missing[/]"
        console.print(f"{mark} {check.what:<12} {escape(check.detail)}")
        for line in check.remedy.splitlines():
            console.print(f"        {'':<12} {escape(line)}", style="bold")
    sources = [check for check in checks if check.source]
    if not access.contact.made:
        raise AccessError("no Google API can be reached", remedy=NO_WAY_OUT)
    if not any(check.good for check in sources):
        raise AccessError(f"nothing may be read of project {access.project}", remedy="see the remedies above")
    if any(check.what == "cluster" and not check.good for check in checks):
        return 2  # the call names none of the project's clusters
    return 0 if all(check.good for check in checks) else 3

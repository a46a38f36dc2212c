"""`triage collect`: evidence now, analysis later or elsewhere."""

import os
import sys
import tempfile
from pathlib import Path

import typer

from triage.cli import options
from triage.errors import InputError

EPILOG = """\
Examples:

triage collect --cluster prod --since 24h --output evidence.tar.gz

triage collect --cluster prod --print-commands > collect.sh
"""


def collect(
    cluster: options.Cluster = None,
    project: options.Project = None,
    location: options.Location = None,
    since: options.Since = "24h",
    until: options.Until = None,
    output: options.Bundle = None,
    print_commands: options.PrintCommands = False,
    queries: options.Queries = None,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
    impersonate: options.Impersonate = None,
    quota_project: options.QuotaProject = None,
    resource: options.Resource = None,
    kubeconfig: options.Kubeconfig = None,
) -> int:
    """Collect the evidence of a cluster into a bundle.

    The bundle is what --from takes. Nodes that GKE repairs lose their own logs: collect while they last.
    """
    from triage import interrupt
    from triage.cli.live import Reach, collect_into, sign_in
    from triage.cli.where import check_named, clock, make_ask
    from triage.signals import load_pack
    from triage.sources.live.bundle import check_target, is_archive
    from triage.sources.live.bundle import pack as pack_bundle
    from triage.sources.live.gcloud import active_defaults
    from triage.sources.live.reads import broad_reads
    from triage.sources.live.script import by_hand

    now = clock(os.environ)
    reach = Reach(impersonate, quota_project, tuple(resource or ()), kubeconfig)
    ask = make_ask(cluster, project, location, since, until, now=now)
    check_named(ask)
    if not output and not print_commands:
        raise InputError("where to?", remedy="say --output BUNDLE, or --print-commands for a script")
    pack = load_pack(tuple(queries or ()))
    if print_commands:
        project = ask.project or active_defaults(os.environ).project
        sys.stdout.write(by_hand(ask, broad_reads(pack), project=project, resources=reach.resources, now=now))
        return 0
    bundle = Path(output or ".")
    check_target(bundle)
    ask, access = sign_in(ask, reach)
    with tempfile.TemporaryDirectory(prefix="triage-") as scratch:
        directory = Path(scratch) / "bundle" if is_archive(bundle) else bundle
        collected = collect_into(directory, ask, pack, access, reach, now=now, quiet=quiet)
        if is_archive(bundle):
            pack_bundle(directory, bundle)
    if not quiet:
        for gap in collected.gaps:
            sys.stderr.write(f"triage: missing: {gap.source}: {gap.reason}\n")
            sys.stderr.writelines(f"        {line}\n" for line in gap.remedy.splitlines())
    typer.echo(str(bundle))
    if collected.interrupted:
        interrupt.deal_with()
        going_on = "the bundle is a part" if is_archive(bundle) else "the same again goes on where it stopped"
        sys.stderr.write(f"triage: interrupted; {going_on}\n")
        return 130
    return 3 if strict and collected.gaps else 0

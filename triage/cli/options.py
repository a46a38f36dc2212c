"""The options of commands, declared once; most are shared by several."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class ReportFormat(StrEnum):
    """What a report can be written as."""

    HTML = "html"
    JSON = "json"
    MARKDOWN = "markdown"


WHERE = "Which cluster and time"
ACCESS = "Access"
OUTPUT = "Output"

Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        "-c",
        metavar="NAME",
        help="Its name, projects/P/locations/L/clusters/C, a kubeconfig context gke_P_L_C or its console URL.",
        rich_help_panel=WHERE,
    ),
]
Project = Annotated[
    str | None,
    typer.Option("--project", "-p", metavar="ID", help="Its project. (default: gcloud's)", rich_help_panel=WHERE),
]
Location = Annotated[
    str | None,
    typer.Option(
        "--location",
        "-l",
        metavar="PLACE",
        help="Its zone or region. (default: gcloud's, where several clusters bear the name)",
        rich_help_panel=WHERE,
    ),
]
Since = Annotated[
    str,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Start: 90m, 24h, 7d before the end, or an RFC 3339 time.",
        rich_help_panel=WHERE,
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="TIME",
        help="End: an RFC 3339 time, or a length before now. (default: now; with --from the end of the evidence)",
        rich_help_panel=WHERE,
    ),
]
From = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="PATH",
        help="Read an evidence directory, .tar.gz or .zip instead of the live APIs.",
        rich_help_panel=WHERE,
    ),
]
Keep = Annotated[
    Path | None,
    typer.Option(
        "--keep",
        metavar="PATH",
        help="Keep what the live APIs said in this directory, or new .tar.gz or .zip; --from reads it again.",
        rich_help_panel=WHERE,
    ),
]
Node = Annotated[
    str | None,
    typer.Option(
        "--node",
        metavar="NAME",
        help="Why did this node die? The others serve as comparison.",
        rich_help_panel=WHERE,
    ),
]
Operation = Annotated[
    str | None,
    typer.Option(
        "--operation",
        metavar="ID",
        help="Why was this repair made? The same, for the node that a GKE operation repaired.",
        rich_help_panel=WHERE,
    ),
]
Queries = Annotated[
    list[Path] | None,
    typer.Option("--queries", metavar="DIR", help="Signal files of your own, beside the bundled ones. Repeatable."),
]
Impersonate = Annotated[
    str | None,
    typer.Option(
        "--impersonate-service-account",
        metavar="EMAIL",
        help="Read as this service account.",
        rich_help_panel=ACCESS,
    ),
]
QuotaProject = Annotated[
    str | None,
    typer.Option("--quota-project", metavar="ID", help="The project that pays for quota.", rich_help_panel=ACCESS),
]
Resource = Annotated[
    list[str] | None,
    typer.Option(
        "--resource",
        metavar="NAME",
        help="Where the logs lie: projects/P, or a view projects/P/locations/L/buckets/B/views/V. Repeatable.",
        rich_help_panel=ACCESS,
    ),
]
Kubeconfig = Annotated[
    Path | None,
    typer.Option(
        "--kubeconfig", metavar="FILE", help="Read workloads through this kubeconfig.", rich_help_panel=ACCESS
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print one line.", rich_help_panel=OUTPUT)]
Bundle = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="BUNDLE",
        help="A directory, or a new .tar.gz or .zip. A directory that was begun earlier is completed.",
        rich_help_panel=OUTPUT,
    ),
]
PrintCommands = Annotated[
    bool,
    typer.Option(
        "--print-commands",
        help="Print a shell script of gcloud, kubectl and curl calls that does the same by hand.",
        rich_help_panel=OUTPUT,
    ),
]
Output = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where the report goes: .html, .json, .md or .png by its suffix, - for standard output. Repeatable.",
        rich_help_panel=OUTPUT,
    ),
]
Format = Annotated[
    ReportFormat | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="html, json or markdown, whatever the suffix.",
        rich_help_panel=OUTPUT,
    ),
]
Redact = Annotated[
    bool | None,
    typer.Option(
        "--redact/--no-redact",
        help="Replace e-mail and IP addresses, tokens and secrets. (default: on for HTML and Markdown, off for JSON)",
        rich_help_panel=OUTPUT,
    ),
]
RedactPattern = Annotated[
    list[str] | None,
    typer.Option("--redact-pattern", metavar="REGEX", help="Replace this as well. Repeatable.", rich_help_panel=OUTPUT),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 3 where evidence was missing.", rich_help_panel=OUTPUT)
]

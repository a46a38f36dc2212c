"""Runs inside gcloud's own Python: one `gcloud logging read` for each line of arguments, without starting it anew."""

import json
import sys

sys.path[:0] = [f"{sys.argv[1]}/lib", f"{sys.argv[1]}/lib/third_party"]

from googlecloudsdk import gcloud_main  # type: ignore[import-not-found]  # noqa: E402 - lies in gcloud's own tree

cli = gcloud_main.CreateCLI([])
for line in sys.stdin:
    status: int | str | None = 0
    try:
        cli.Execute(["logging", "read", *json.loads(line)])
    except SystemExit as left:
        status = left.code
    print(f"\n=== {status}", flush=True)

"""Evidence from files: what `--from` takes."""

from triage.sources.files.opened import Opened, open_evidence, wanted_entries
from triage.sources.files.read import read_evidence

__all__ = ["Opened", "open_evidence", "read_evidence", "wanted_entries"]

"""Evidence from files: what `--from` takes."""

from triage.sources.files.read import read_evidence

__all__ = ["read_evidence"]

"""From evidence to a verdict: episodes, alignment, association, explanation, suspect, confidence."""

from triage.correlate.focus import Focus
from triage.correlate.story import correlate

__all__ = ["Focus", "correlate"]

"""Signals: the pack of failure signatures, where they were seen, and who is meant.

load_pack(directories)                 ─► Pack          signals, streams, whole filters
identify(evidence)                     ─► Identities    container → pod → workload, placements
detect(evidence, pack, identities)     ─► occurrences   one row per entry and signal
match(entries, pack)                   ─► matches       each entry judged by itself
"""

from triage.signals.detect import detect
from triage.signals.identity import Identities, identify
from triage.signals.pack import load_pack

__all__ = ["Identities", "detect", "identify", "load_pack"]

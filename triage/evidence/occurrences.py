"""Occurrences: where and when signals were seen. Made by `triage.signals`, read by `triage.correlate`."""

from triage.evidence.tables import TEXT, TIME

OCCURRENCES = {
    "signal": TEXT,
    "alternative": TEXT,  # which wording, by its name in the signal file
    "variant": TEXT,  # the finer mode, or None
    "mechanism": "bool",  # the wording itself names what is exhausted or broken
    "timestamp": TIME,
    "until": TIME,  # of a metric: the last point of the stretch at its bound that began then; else absent
    "node": TEXT,
    "stream": TEXT,  # a stream's id; `metric` for a crossing
    "namespace": TEXT,
    "pod": TEXT,
    "container": TEXT,
    "uid": TEXT,  # the pod's
    "workload": TEXT,  # namespace/name of the top controller of the pod that the line speaks of
    "kind": TEXT,  # that controller's kind
    "basis": TEXT,  # how the line names the pod: cgroup | pod-uid | container-id | pod-name | own-log; None
    "extracted": "object",  # dict of the named groups that the alternative extracts
    "insert_id": TEXT,
    "log_name": TEXT,
    "message": TEXT,  # at most 2,000 characters, control characters escaped
    "mark_start": "int64",  # the telling part of the message; 0, 0 where unknown
    "mark_end": "int64",
    "clears": "bool",  # the way back to healthy, not the failure
}
"""One row per entry and signal (an entry that several alternatives match counts once, the first wins)."""

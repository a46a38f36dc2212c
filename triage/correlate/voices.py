"""Who speaks: the node's own programs, or one application about itself.

The kernel, the kubelet, the runtime, the problem detector, agents of the cluster and measurements speak of the node. An
application that can open no more files may have come to a limit of its own, or its volume may be full; however
regularly it says so before nodes die, that is no word about the node. What two workloads say that share nothing but
the node is one, where their words name what ran out.
"""

import pandas as pd

_CLUSTER = r"(?:kube-system$|kube-node-lease$|gke-|gmp-|gpu-operator|nvidia|calico|tigera|cilium)"
"""Namespaces whose pods are part of the cluster."""
_PROBE = "triage-node-probe"
"""The node probe's records count what the whole node holds, in whatever namespace it runs."""
_LISTED = "zombie-processes"
"""A list of processes is an observation, whoever prints it, and no complaint."""
# kubelet, pkg/kubelet/prober/prober.go: "Readiness probe failed: OUTPUT" bears what the probed container printed. Where
# the runtime could not even start the probe, OUTPUT (docker) or "probe errored" (CRI) bears the runtime's own words.
_RELAYED = r"(?i)\b(?:liveness|readiness|startup) probe failed:|\"?Probe failed\"? probeType="
_BY_THE_RUNTIME = r"(?i)\bOCI runtime\b|\brpc error:|\brunc\b|\bcontainer_linux\.go"
ACTS = ("memory-pressure", "system-oom")
"""The kubelet's eviction and the kernel's kill: memory that a metric shows to be nearly used up is neither."""
# kernel, kernel/cgroup/pids.c: pids_can_fork (pids_event since 6.11), where the group is a pod's
_POD_REFUSED = r"pids controller in \S*/(?:kubepods[^/\s]*-)?pod[0-9a-f]"


def of_the_node(rows: pd.DataFrame) -> pd.Series:
    """For each occurrence, whether a program speaks that knows of the node; an application's own words do not."""
    messages = rows["message"].fillna("")
    inside = rows["namespace"].fillna("").str.match(_CLUSTER) | messages.str.contains(_PROBE, regex=False)
    own = (rows["stream"] == "container") & ~inside & (rows["signal"] != _LISTED)
    said = rows["stream"].isin(("events", "kubelet")) & messages.str.contains(_RELAYED)
    return ~own & ~(said & ~messages.str.contains(_BY_THE_RUNTIME))


def naming(rows: pd.DataFrame) -> pd.Series:
    """For each occurrence of one signal on one node, whether it names what is exhausted or broken on the node.

    `rows` have `spoken` (`of_the_node`), `signal`, `stream`, `message`, `mechanism`, `workload` and `pod`. What is said
    of one pod alone counts only beside what is said of another workload's: its own words, and that the kernel refused
    its group a fork, which may be that group's own limit.
    """
    named = rows["mechanism"].astype(bool) & ~(rows["signal"].isin(ACTS) & (rows["stream"] == "metric"))
    alone = ~rows["spoken"] | rows["message"].str.contains(_POD_REFUSED, na=False)
    whose = rows.loc[named & alone, "workload"].fillna(rows["pod"])
    return named & (~alone | (whose.nunique() > 1))

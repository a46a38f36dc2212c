"""The verdict on process ids, and the cause that it names."""

from tests.render.incidents.parts import ONSETS, PID, SUSPECT, at, node
from triage.model.incident import (
    Cause,
    ChainLink,
    Confidence,
    Contrast,
    Gate,
    Line,
    Missing,
    Rival,
    Suspect,
    Trend,
    Verdict,
)
from triage.model.signal import Step


def pid_verdict(episodes: int) -> Verdict:
    return Verdict(
        cause=PID,
        title=f"{SUSPECT} runs its nodes out of process ids",
        confidence=Confidence.CONFIRMED,
        workload=SUSPECT,
        chain=(PID, "pleg-unhealthy", "node-not-ready", "node-auto-repair"),
        summary=(
            f"All {episodes} repaired nodes refused to fork 11 to 14 minutes before they turned "
            f"NotReady; each time the kernel named a control group of {SUSPECT}. No node without it failed."
        ),
        reason=(
            "Lines that name the exhausted resource on seven nodes, before NotReady on each, in "
            "none of 84 control windows."
        ),
        gates=(
            Gate(
                level=Confidence.CONFIRMED,
                rule="A line or metric names the exhausted resource on two episodes or more",
                met=True,
                detail="7 of 7",
            ),
            Gate(
                level=Confidence.CONFIRMED,
                rule="It explains at least 80 % of the unplanned episodes",
                met=True,
                detail="7 of 7",
            ),
            Gate(
                level=Confidence.CONFIRMED,
                rule="No rival has equal claims",
                met=True,
                detail="nearest: disk pressure, 0 of 7",
            ),
            Gate(level=Confidence.LIKELY, rule="Metrics agree", met=False, detail="no memory metrics in the evidence"),
        ),
        links=(
            ChainLink(
                cause=PID,
                effect="pleg-unhealthy",
                because="the runtime can start no process to answer kubelet",
                episodes=7,
                median_gap_s=540,
            ),
            ChainLink(
                cause="pleg-unhealthy",
                effect="node-not-ready",
                because="kubelet reports itself unhealthy",
                episodes=7,
                median_gap_s=252,
            ),
            ChainLink(
                cause="node-not-ready",
                effect="node-auto-repair",
                because="GKE repairs a node that is NotReady for ten minutes",
                episodes=7,
                median_gap_s=648,
            ),
        ),
        actions=(
            Step(
                say="See how many processes the suspect holds on a node that still lives.",
                ssh=True,
                run=(
                    f"gcloud compute ssh {node(8)} --zone=europe-west1-b --project=acme-payments -- 'ps "
                    f"-eo stat,ppid | grep -c ^Z'"
                ),
            ),
            Step(
                say="Take the pressure off: restart the suspect before the next node dies.",
                changes=True,
                run="kubectl rollout restart deployment/pdfgenerator --namespace=default",
            ),
            Step(
                say="Watch the count against the limit.", run="kubectl get --raw /api/v1/nodes/NODE/proxy/stats/summary"
            ),
        ),
        prevention=(
            "Run the container with an init that reaps, or with shareProcessNamespace.",
            "Set a pod PID limit on the node pool (GKE 1.14 and later).",
        ),
        against=("On one node (episode 4) the kernel log begins only two minutes before NotReady.",),
        rivals=(Rival(signal="disk-pressure", title="Disk pressure", reason="seen on one healthy node only"),),
        ruled_out=(
            Rival(
                signal="system-oom",
                title="Node out of memory",
                reason="no line in 24 h on any node; the kernel log covers all episodes",
            ),
            Rival(signal="host-error", title="Host error", reason="no system event in the window"),
        ),
        would_change=("A repaired node that never ran the suspect.", "Kernel logs of the two hours before episode 4."),
        missing=(
            Missing(
                what="Process counts per pod",
                why="would show the leak before the limit",
                command="triage probe manifest | kubectl apply -f -",
            ),
        ),
    )


def pid_cause(evidence: tuple[Line, ...], episodes: int) -> Cause:
    return Cause(
        signal=PID,
        rank=1,
        episodes_explained=episodes,
        episodes_total=episodes,
        rate_ratio=84.2,
        q_value=0.0004,
        lead_time_s=792,
        title="Process ids exhausted",
        variants=("node-limit",),
        lead_iqr_s=(690, 840),
        leads=7,
        evidence=evidence,
        workloads=(
            Suspect(
                name=SUSPECT,
                basis="direct",
                score=1.0,
                kind="Deployment",
                q_value=0.002,
                reason="named by the control group in 7 of 7 episodes",
                episodes=7,
            ),
            Suspect(
                name="default/statements",
                basis="co-location",
                score=0.81,
                kind="Deployment",
                q_value=0.19,
                reason="ran on 5 of 7 failing nodes and 4 of 7 others",
                episodes=5,
            ),
        ),
        contrast=Contrast(
            cases=7,
            cases_with=7,
            controls_same_node=42,
            controls_same_node_with=0,
            controls_other_nodes=42,
            controls_other_nodes_with=0,
            window_s=3600,
            ratio_low=9.8,
            ratio_high=720.0,
            tests=22,
            method="Fisher's exact test on windows of one hour, matched by node and by time.",
        ),
        trends=tuple(
            Trend(
                metric="pid_used",
                node=node(i),
                episode=i,
                start=at(ONSETS[i] - 1.9),
                end=at(ONSETS[i]),
                slope_per_h=16200,
                slope_low=15800,
                slope_high=16600,
                value=31900 + i * 30,
                limit=32768,
                exhausted_in_s=190,
            )
            for i in range(3)
        ),
        query='resource.type="gce_instance"\nlogName:"kernel"\n"fork rejected by pids controller"',
        query_url="https://console.cloud.google.com/logs/query;query=%22fork%20rejected%22?project=acme-payments",
    )

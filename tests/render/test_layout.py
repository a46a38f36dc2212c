"""The geometry behind the pictures, the links, and what strings become before anybody sees them."""

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from tests.render.incidents import START, at, big, ms, node, open_episode, pid_leak, planned_upgrade, quiet
from triage.model.incident import Kind
from triage.model.links import logs_query_url
from triage.model.signal import Role
from triage.render import render, words
from triage.render.charts.bins import columns, runs, thin, tick_paths
from triage.render.charts.names import shared_start, shortened
from triage.render.charts.scale import TimeScale
from triage.render.charts.shapes import NARROW, WIDE, Panel, Row
from triage.render.charts.sheets import sheets
from triage.render.charts.timeline import timeline, whole, worst
from triage.render.escape import visible
from triage.render.html import blanks
from triage.render.links import safe_link
from triage.render.view.alerts import alert_rows
from triage.render.view.chain import chain, quote
from triage.render.view.first import first_screen
from triage.render.view.tables import episode_rows
from triage.render.view.trends import trend_cards

DAY = TimeScale(ms(START), ms(START + timedelta(days=1)), 100, 1060)


def test_ticks_of_the_axis_are_round_utc_times_and_days_carry_their_date() -> None:
    ticks = DAY.ticks(12)
    assert [tick.label for tick in ticks][:3] == ["04:00", "06:00", "08:00"]
    assert [tick.label for tick in ticks if tick.day] == ["10 Jul"]
    assert all(100 <= tick.x <= 1060 for tick in ticks)


@pytest.mark.parametrize(
    "length",
    [timedelta(seconds=20), timedelta(minutes=7), timedelta(hours=3), timedelta(days=30), timedelta(days=4000)],
)
def test_any_window_gets_a_few_ticks(length: timedelta) -> None:
    scale = TimeScale(ms(START), ms(START + length), 0, 900)
    assert 1 <= len(scale.ticks(12)) <= 13


def test_a_window_of_no_length_does_not_divide_by_zero() -> None:
    scale = TimeScale(5, 5, 0, 900)
    assert scale.x(5) == 0
    assert columns([5], scale) == {0: 1}


def test_neighbouring_columns_join_into_runs() -> None:
    assert list(runs([5, 1, 2, 3, 9])) == [(1, 3), (5, 1), (9, 1)]
    assert list(runs([])) == []


def test_marks_cost_pixels_not_occurrences() -> None:
    few = tick_paths(range(DAY.start, DAY.end, 600_000), DAY, 10, 8)
    many = tick_paths(range(DAY.start, DAY.end, 600), DAY, 10, 8)
    assert sum(len(data) for _, data in many) < 12_000
    assert few


def test_dense_columns_are_taller_than_lone_ones() -> None:
    lone, dense = [DAY.start + 3_600_000], [DAY.start + 7_200_000 + i for i in range(50)]
    assert [width for width, _ in tick_paths([*lone, *dense], DAY, 10, 10)] == [6.0, 10.0]


def test_a_thinned_series_keeps_every_peak() -> None:
    points = [(DAY.start + i * 1000, float(i % 100)) for i in range(86_000)]
    points[40_000] = (points[40_000][0], 9_999.0)
    points[60_000] = (points[60_000][0], -9_999.0)
    kept = thin(points, DAY)
    assert len(kept) <= 4 * 961
    assert {9_999.0, -9_999.0} <= {value for _, value in kept}
    assert kept == sorted(kept)


def test_lanes_drop_the_beginning_that_all_nodes_share() -> None:
    assert shared_start([node(i) for i in range(5)]) == "gke-payments-eu-pool-main-"
    assert shared_start(["a", "b"]) == ""
    assert shared_start(["one-node-alone"]) == ""
    assert shared_start(["gke-a-pool-1-4d1f0a7c-aaaa", "gke-b-pool-1-4d1f0a7c-bbbb"]) == "gke-"
    assert shortened("gke-payments-eu-pool-main-4d1f0a7c-a0qx", 20).endswith("4d1f0a7c-a0qx"[-13:])


@pytest.mark.parametrize("form", [WIDE, NARROW], ids=["wide", "narrow"])
def test_everything_drawn_lies_inside_the_picture(form: object) -> None:
    for incident in (pid_leak(), pid_leak(still_open=True), planned_upgrade(), quiet(), big(60, 50)):
        chart = timeline(incident, whole(incident), form, "x")  # type: ignore[arg-type]
        for row in (*chart.alerts, *chart.lanes):
            assert 0 <= row.y <= row.y + row.height <= chart.height
            for shape in row.shapes:
                assert chart.form.left <= shape.x <= chart.form.right
                assert shape.x + shape.width <= chart.form.right + 3


def test_the_closer_look_holds_only_the_nodes_that_failed_in_it() -> None:
    incident = pid_leak()
    span = worst(incident)
    assert span
    chart = timeline(incident, span, WIDE, "x", only_active=True)
    assert 0 < len([row for row in chart.lanes if row.kind == "node"]) < 7
    assert worst(quiet()) is None


def test_changes_stand_in_a_row_of_their_own_and_lead_to_their_table() -> None:
    incident = pid_leak()
    (row,) = timeline(incident, whole(incident), WIDE, "x").changes
    assert row.name == "1 change"
    assert [(shape.href, shape.kind) for shape in row.shapes] == [("#changes", "change")]
    assert timeline(quiet(), whole(quiet()), WIDE, "x").changes == ()


def test_a_service_with_very_many_alerts_is_drawn_in_one_manner_over_the_whole_window() -> None:
    first = pid_leak().alerts[0]
    alerts = tuple(first.model_copy(update={"id": str(i), "opened": at(i * 0.1)}) for i in range(200))
    incident = pid_leak().model_copy(update={"alerts": alerts})
    (row,) = timeline(incident, whole(incident), WIDE, "x").alerts
    assert row.shapes == ()
    assert sum(data.count("M") for ticks in row.ticks for _, data in ticks.strokes) == 200


def test_alerts_of_many_services_fold_into_a_last_row() -> None:
    whole_incident = pid_leak()
    alerts = tuple(
        whole_incident.alerts[0].model_copy(
            update={"id": str(i), "service": f"service-{i:02d}", "opened": at(1 + i / 10)}
        )
        for i in range(30)
    )
    incident = whole_incident.model_copy(update={"alerts": alerts})
    chart = timeline(incident, whole(incident), WIDE, "x")
    assert len(chart.alerts) == 8
    assert chart.alerts[-1].name.startswith("23 more services")


def test_the_suspect_and_the_numbers_of_the_first_screen() -> None:
    facts = {fact.label: fact.value for fact in first_screen(pid_leak()).facts}
    assert facts == {
        "Suspect": "default/pdfgenerator",
        "Since": "9 Jul 06:06 UTC",
        "Repairs explained": "7 of 7",
        "Alerts explained": "17 of 20",
    }
    assert {fact.label: fact.value for fact in first_screen(planned_upgrade()).facts}["Episodes"] == "3"
    assert {fact.label: fact.value for fact in first_screen(quiet()).facts}["Episodes"] == "none"


def test_a_link_reopens_the_query_over_the_same_time() -> None:
    url = logs_query_url('severity>=ERROR\n"pids"', "shop-prod", START, START + timedelta(hours=1))
    assert url == (
        "https://console.cloud.google.com/logs/query;query=severity%3E%3DERROR%0A%22pids%22"
        ";timeRange=2019-07-09T04%3A00%3A00Z%2F2019-07-09T05%3A00%3A00Z?project=shop-prod"
    )
    assert logs_query_url("x", None, START, START) is None
    assert logs_query_url("x" * 9000, "p", START, START) is None


@pytest.mark.parametrize(
    "url",
    [
        None, "", "javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "//evil.example", "/relative", "https://",
        "https://user@host/", 'https://x/"onclick=', "https://x/ y", "https://x/\u202e", "https://x\\y", "http://[::1", "ftp://x/y",
    ],
)  # fmt: skip
def test_only_plain_web_addresses_become_links(url: str | None) -> None:
    assert safe_link(url) is None


def test_plain_web_addresses_do() -> None:
    assert safe_link("https://console.cloud.google.com/logs/query;query=x?project=p") is not None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – ünïcode 漢 🔥", "plain – ünïcode 漢 🔥"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\x00b", "a\\x00b"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\tb\nc\r", "a\\tb\\nc\\r"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("x" * 11, "xxxxxxxxx…"),
    ],
)
def test_hidden_characters_are_written_out_and_length_is_bounded(text: str, shown: str) -> None:
    assert visible(text, 10 if text.startswith("xxx") else 50) == shown


def test_lines_of_patches_stay_lines() -> None:
    assert visible("a:\r\n  b\t\x1b", 50, lines=True) == "a:\n  b\t\\x1b"


def test_times_outside_utc_are_shown_in_utc() -> None:
    assert timeline(quiet(), (0, 1), WIDE, "x").title == "Timeline, 1 Jan 1970 00:00 – 00:00 UTC"
    assert datetime(2019, 7, 9, tzinfo=UTC).tzinfo is UTC


def test_every_link_of_the_chain_reopens_the_lines_that_it_quotes() -> None:
    incident = pid_leak()
    for step in chain(incident):
        quoted = [q.insert_id for q in (*step.quotes, *step.more)]
        assert bool(step.lines_link) is any(quoted)
        if not step.lines_link:
            continue
        url = unquote(step.lines_link)
        assert all(f'"{one}"' in url for one in quoted if one)
        assert "?project=acme-payments" in url
    nowhere = incident.model_copy(update={"cluster": incident.cluster.model_copy(update={"project": None})})
    assert [step.lines_link for step in chain(nowhere)] == [None] * len(chain(nowhere))
    assert not any(step.query_too_long for step in chain(nowhere))


def test_the_page_says_where_a_query_is_too_long_or_narrower_than_what_matched() -> None:
    incident = pid_leak()
    cause = incident.causes[0].model_copy(update={"query_url": None, "query_left_out": 2})
    html = render(incident.model_copy(update={"causes": (cause, *incident.causes[1:])}), "html", redact=True)
    assert "A link can't hold this query: copy it into <a href=" in html
    assert "</a>, or open the quoted lines above." in html
    assert "2 more wordings matched, which a link can't hold beside these." in html


@pytest.mark.parametrize(
    ("message", "marked", "told"),
    [
        ("io.k8s.core.v1.nodes.update core/v1/nodes/a", "core.v1.nodes.", "io.k8s.core.v1.nodes.update"),
        (
            "fork rejected in /kubepods/pod1937-ab.slice now",
            "rejected in /kubepods/pod1",
            "rejected in /kubepods/pod1937-ab.slice",
        ),
        ("PLEG is not healthy: pleg was last seen active 3m", "PLEG is not healthy", "PLEG is not healthy"),
        ('err="PLEG is not healthy"', "PLEG is", "PLEG is"),
        ("task was killed. Next", "killed", "killed"),
        ("x" * 500 + "panic" + "y" * 500, "panic", "panic"),
    ],
)
def test_a_mark_never_ends_inside_a_word(message: str, marked: str, told: str) -> None:
    start = message.index(marked)
    line = (
        pid_leak().causes[0].evidence[0].model_copy(update={"message": message, "mark": (start, start + len(marked))})
    )
    found = quote(line)
    assert found.told == told
    assert found.before + found.told + found.after == message


def test_the_closer_look_is_as_long_as_the_episodes_call_for() -> None:
    incident = pid_leak()
    short = tuple(
        e.model_copy(update={"end": e.start + timedelta(minutes=3), "repair": None}) for e in incident.episodes
    )
    span = worst(incident.model_copy(update={"episodes": short}))
    assert span
    assert span[1] - span[0] == 1_800_000


def test_a_metric_far_below_its_limit_takes_no_room() -> None:
    incident = pid_leak()
    series = incident.timeline.series
    low = tuple(one.model_copy(update={"points": tuple((at, 40.0) for at, _ in one.points)}) for one in series)
    quiet_timeline = incident.timeline.model_copy(update={"series": low})
    assert timeline(incident, whole(incident), WIDE, "x").panels
    calm = incident.model_copy(update={"timeline": quiet_timeline})
    assert not timeline(calm, whole(calm), WIDE, "x").panels


def test_a_filter_that_no_link_can_hold_says_where_to_paste_it() -> None:
    incident = pid_leak()
    queries = (
        incident.provenance.queries[0].model_copy(update={"filter": "insertId=" + " OR ".join(["x" * 40] * 300)}),
    )
    long = incident.model_copy(update={"provenance": incident.provenance.model_copy(update={"queries": queries})})
    html = render(long, "html", redact=False)
    assert "A link can't hold this filter: copy it into <a href=" in html
    assert "query=--%20Paste%20the%20filter%20here;timeRange=" in html


def test_no_label_of_the_axis_is_cut_at_the_edge() -> None:
    """A narrow picture has six units beside its rail, a bold letter takes up to 7.4."""
    for length in (timedelta(minutes=2), timedelta(hours=9), timedelta(days=1), timedelta(days=40)):
        scale = TimeScale(ms(START), ms(START + length), NARROW.left, NARROW.right)
        for tick in scale.ticks(NARROW.ticks):
            assert tick.label_x - 3.7 * len(tick.label) >= 0
            assert tick.label_x + 3.7 * len(tick.label) <= NARROW.width


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (63_449, "", "63,449"),
        (0.987, "%", "98.7 %"),
        (13_300_000_000, "B", "12.4 GiB"),
        (512, "B", "512 B"),
        (12.5, "ms", "12.5 ms"),
    ],
)
def test_values_of_a_series_carry_their_unit(value: float, unit: str, said: str) -> None:
    assert words.quantity(value, unit) == said


def test_a_title_with_an_aside_takes_two_lines_beside_its_rail_and_one_above_it() -> None:
    incident = pid_leak()
    series = tuple(
        one.model_copy(update={"title": "Memory in use, share of allocatable", "unit": "%", "limit": None})
        for one in incident.timeline.series
    )
    incident = incident.model_copy(update={"timeline": incident.timeline.model_copy(update={"series": series})})
    wide, narrow = (timeline(incident, whole(incident), form, "x").panels[0] for form in (WIDE, NARROW))
    assert (wide.title, wide.aside) == ("Memory in use", "share of allocatable")
    assert (narrow.title, narrow.aside) == ("Memory in use, share of allocatable", "")


def test_what_all_episodes_share_is_said_once() -> None:
    html = render(pid_leak(), "html", redact=False)
    assert "All in pool-main, europe-west1-b. All from one cause: Process ids exhausted, suspect" in html
    assert 'data-label="Cause and suspect"' not in html
    mixed = pid_leak()
    other = mixed.episodes[0].model_copy(update={"cause": None, "workload": None})
    html = render(mixed.model_copy(update={"episodes": (other, *mixed.episodes[1:])}), "html", redact=False)
    assert html.count('data-label="Cause and suspect"') == len(mixed.episodes)


def test_an_alert_in_an_episode_says_how_long_after_its_start_it_opened() -> None:
    row = next(row for row in alert_rows(pid_leak()).rows if row.episode)
    assert (row.node, row.since, row.reason) == ("…4d1f0a7c-a0qx", "14 m", "")


def test_a_picture_taller_than_a_screen_says_its_times_below_too() -> None:
    tall, low = (timeline(incident, whole(incident), WIDE, "x") for incident in (big(60, 5), planned_upgrade()))
    assert low.foot is None
    assert tall.foot is not None
    assert tall.bottom < tall.foot < tall.height


def test_a_tall_picture_is_parted_for_paper_between_its_rows() -> None:
    chart = timeline(big(60, 5), whole(big(60, 5)), WIDE, "x")
    parts = sheets(chart)
    assert len(parts) == 3
    assert all(part.height <= 700 for part in parts)
    assert (parts[0].y, parts[-1].y + parts[-1].height) == (chart.top, chart.bottom)
    rows: list[Row | Panel] = [*chart.alerts, *chart.changes, *chart.panels, *chart.lanes]
    for row in rows:
        assert sum(part.y <= row.y and row.y + row.height <= part.y + part.height for part in parts) == 1
    assert sheets(timeline(pid_leak(), whole(pid_leak()), WIDE, "x")) == ()


def test_nodes_that_are_all_inferred_say_so_once() -> None:
    incident = pid_leak()
    assert render(incident, "html", redact=False).count(">inferred</span>") == 1
    guessed = tuple(episode.model_copy(update={"node_inferred": True}) for episode in incident.episodes)
    html = render(incident.model_copy(update={"episodes": guessed}), "html", redact=False)
    assert ">inferred</span>" not in html
    assert html.count("No operation names its node") == 1


def test_the_text_for_a_case_says_how_each_episode_ended() -> None:
    incident = pid_leak()
    first, second, *others = incident.episodes
    ready = first.start + timedelta(minutes=20)
    itself = first.model_copy(
        update={"kind": Kind.UNREPAIRED, "operation": None, "repair": None, "ready": ready, "end": ready}
    )
    gone = second.model_copy(update={"kind": Kind.UNREPAIRED, "operation": None, "repair": None, "ready": None})
    shown = render(incident.model_copy(update={"episodes": (itself, gone, *others)}), "markdown", redact=False)
    assert "NotReady 2019-07-09T06:19:12Z, recovered 2019-07-09T06:26:00Z without a repair" in shown
    assert "over 2019-07-09T09:58:48Z without a repair" in shown
    assert "repaired by GKE, over 2019-07-09T12:28:48Z" in shown
    assert "unrepaired" not in shown


def test_a_node_that_nothing_names_is_not_called_by_its_operation() -> None:
    incident = pid_leak()
    unnamed = incident.episodes[0].model_copy(update={"node": "unknown:operation-1562653152000-cafe4321"})
    lane = incident.timeline.lanes[0].model_copy(update={"node": unnamed.node})
    timeline_of = incident.timeline.model_copy(update={"lanes": (lane, *incident.timeline.lanes[1:])})
    changed = incident.model_copy(
        update={"episodes": (unnamed, *incident.episodes[1:]), "timeline": timeline_of, "alerts": ()}
    )
    assert timeline(changed, whole(changed), WIDE, "x").lanes[0].name == "unnamed node …cafe4321"
    html = render(changed, "html", redact=False)
    assert '<span class="node">unnamed node …cafe4321</span>' in html
    assert "- unnamed node …cafe4321: 2019-07-09T06:06:00Z" in html


def test_the_reason_that_most_untied_alerts_share_is_said_once() -> None:
    incident = pid_leak()
    untied = tuple(
        alert.model_copy(update={"episode": None, "reason": "It opened elsewhere." if i < 3 else "Slow burn."})
        for i, alert in enumerate(incident.alerts[:4])
    )
    html = render(incident.model_copy(update={"alerts": untied}), "html", redact=False)
    assert html.count("t opened elsewhere") == 1
    assert "“none” by itself: it opened elsewhere." in html
    assert 'none: <span class="soft">slow burn</span>' in html


def test_an_open_episode_has_not_ended_by_anything() -> None:
    rows = episode_rows(open_episode()).rows
    assert [row.ended_by for row in rows if row.lasted == "still open"] == [""]


def test_a_fitted_line_runs_through_its_points_and_a_limit_in_the_distance_says_how_far_it_is() -> None:
    incident = pid_leak()
    cause = incident.causes[0]
    trend = cause.trends[0].model_copy(update={"slope_per_h": 0.0, "value": 31_000.0, "exhausted_in_s": 1_800.0})
    flat = tuple((ms(trend.start) + i * 60_000, 1_000.0 if i < 20 else 31_000.0) for i in range(21))
    series = incident.timeline.series[0].model_copy(update={"node": trend.node, "points": flat})
    changed = incident.model_copy(
        update={
            "causes": (cause.model_copy(update={"trends": (trend,)}),),
            "timeline": incident.timeline.model_copy(update={"series": (series,)}),
        }
    )
    (card,), _ = trend_cards(changed)
    low = card.fit.split(" ")[1].split("L")[0]
    assert float(low) > 0.9 * card.height, "a thousand of 32,768 lies near the bottom"
    assert card.sentence.endswith("at last 31,000 (limit 32,768). At that pace, 30 m from it.")


def test_nodes_that_show_a_cause_without_going_bad_are_not_called_healthy() -> None:
    watched = {fact.label: fact for fact in first_screen(quiet()).facts}["Nodes watched"]
    assert watched.note == "none of them went bad"
    seen = pid_leak().occurrences[0]
    assert seen.role is Role.CAUSE
    shown = quiet().model_copy(update={"occurrences": (seen,)})
    watched = {fact.label: fact for fact in first_screen(shown).facts}["Nodes watched"]
    assert watched.note == "none went bad; 7 show a possible cause"


def test_without_an_address_for_logs_explorer_a_long_query_is_still_told_where_to_go() -> None:
    incident = pid_leak()
    cause = incident.causes[0].model_copy(update={"query_url": None})
    cluster = incident.cluster.model_copy(update={"project": "漢" * 1000})
    html = render(incident.model_copy(update={"causes": (cause,), "cluster": cluster}), "html", redact=False)
    assert "A link can't hold this query" in html
    assert 'href="None"' not in html


def test_what_a_command_leaves_open_stands_out_and_nothing_else_does() -> None:
    shown = blanks("ssh NODE --zone ZONE --filter 'type=UPGRADE_NODES' \"$NODE\" <NODE> KUBE-NODE")
    assert shown == (
        'ssh <em class="blank">NODE</em> --zone <em class="blank">ZONE</em> --filter &#39;type=UPGRADE_NODES&#39; '
        '&#34;$NODE&#34; &lt;<em class="blank">NODE</em>&gt; KUBE-NODE'
    )


def test_links_that_are_seen_at_the_same_moment_are_not_called_apart() -> None:
    incident = pid_leak()
    links = tuple(one.model_copy(update={"median_gap_s": 0.2}) for one in incident.verdict.links)
    verdict = incident.verdict.model_copy(update={"links": links})
    step = chain(incident.model_copy(update={"verdict": verdict}))[0]
    assert step.because_seen == "seen in this order in 7 episodes, at the same moment (median)"

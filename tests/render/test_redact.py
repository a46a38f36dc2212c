"""What must not leave the team goes, stably; what the report is about stays."""

import re

import pytest

from tests.render.incidents import pid_leak
from triage.errors import InputError
from triage.render import Format, render
from triage.render.redact import Redactor, redact
from triage.render.sweep import clean

SECRETS = [
    ("email", "user jane.doe+ops@mail.example.com logged in", "jane.doe"),
    ("email", 'principalEmail:"deployer@shop-prod.iam.gserviceaccount.com"', "deployer"),
    ("ip", "dial tcp 10.8.0.17:443: connect: connection refused", "10.8.0.17"),
    ("ip", "http: TLS handshake error from 203.0.113.9:51724: EOF", "203.0.113.9"),
    ("ip", "lookup kubernetes on 169.254.169.254:53: server misbehaving", "169.254.169.254"),
    ("ip", "route 10.12.0.0/14 via eth0", "10.12.0.0"),
    ("ip", "Get https://172.16.0.2/api/v1/nodes: net/http: timeout", "172.16.0.2"),
    ("ip", "x-forwarded-for=[198.51.100.7]", "198.51.100.7"),
    ("ip", "peer 2001:db8:85a3::8a2e:370:7334 closed", "2001:db8"),
    ("ip", "listening on [fe80::42:aff:fe00:1%eth0]:10250", "fe80::42"),
    ("ip", "mapped ::ffff:192.0.2.128 seen", "192.0.2.128"),
    ("jwt", "id_token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.c2lnbmF0dXJl failed", "eyJhbG"),
    ("authorization", "> Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
    ("authorization", '"authorization":"Basic dXNlcjpwYXNz"', "dXNlcjpwYXNz"),
    ("authorization", "sent bearer q1w2e3r4t5y6u7i8o9p0 upstream", "q1w2e3r4"),
    ("cookie", "Set-Cookie: session=0a1b2c3d; Path=/; HttpOnly", "0a1b2c3d"),
    ("cookie", "cookie=[sid=abc123; theme=dark]", "abc123"),
    ("token", "using ya29.A0AfH6SMBx1234567890abcdef", "ya29.A0"),
    ("token", "git clone with ghp_0123456789abcdefghijABCDEFGHIJ012345", "ghp_0123"),
    ("token", "GET /callback?state=x&token=9f8e7d6c5b4a HTTP/1.1", "9f8e7d6c5b4a"),
    ("token", "posting to hooks.slack.com/services/T000/B000/xyz123", "T000/B000"),
    ("key", "maps key AIzaSyA1234567890abcdefghijklmnopqrstuv", "AIzaSyA"),
    ("key", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("key", 'api_key: "k3y-0123456789"', "k3y-0123456789"),
    ("secret", "postgres://app:s3cr3t@db:5432/shop", "s3cr3t"),
    ("secret", "password=hunter2 rejected", "hunter2"),
    ("secret", '{"Password":"hunter2"}', "hunter2"),
    ("secret", "loaded dGhpcyBJcyBub3QgMTIzNDU2IGEgdGVzdCBvciAxMjM0NQ== from env", "dGhpcyBJcyB"),
    (
        "service-account-key",
        '"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----\\n"',
        "MIIEvQ",
    ),
    ("service-account-key", "-----BEGIN RSA PRIVATE KEY----- MIIEow", "MIIEow"),
    ("service-account-key", '"private_key_id": "0123456789abcdef0123456789abcdef01234567"', "0123456789abcdef"),
]
USEFUL = [
    "I0827 10:11:12.123456    1234 kubelet.go:1854] SyncLoop (PLEG): 7b1c9d7e-a20f-11e9-9c3f-42010a840113",
    "Node gke-prod-eu-pool-1-4d1f0a7c-x0qz status is now: NodeNotReady",
    "kubelet version 1.13.6.1 started",
    "upgraded from version 1.13.6.1 to version 1.14.10.27",
    "User-Agent: HeadlessChrome/76.0.3809.100 nginx/1.15.8.1",
    "image gcr.io/shop/web:2.4.1.9 pulled",
    "master 1.13.6-gke.13, node v1.12.8-gke.10",
    "container 4f2e9a0b1c3d5e7f9a0b1c3d5e7f9a0b1c3d5e7f9a0b1c3d5e7f9a0b1c3d5e7f died",
    "k8s_POD_pdfgenerator-5d8f7b9c6d-x2x4q_default_7b1c9d7e-a20f-11e9-9c3f-42010a840113_0",
    "/kubepods/burstable/pod7b1c9d7e-a20f-11e9-9c3f-42010a840113/4f2e9a0b1c3d5e7f9a0b1c3d5e7f9a0b1c3d5e7f",
    "sha256:4f2e9a0b1c3d5e7f9a0b1c3d5e7f9a0b1c3d5e7f9a0b1c3d5e7f9a0b1c3d5e7f",
    "operation-1562644800000-5d4f9a1b in progress since 2019-07-09T04:00:00.123456789Z",
    "failed to fetch token: context deadline exceeded",
    'secret "default-token-8x7zq" not found',
    "terminate called after throwing an instance of std::system_error: Resource temporarily unavailable",
    "skipping pod synchronization - [PLEG is not healthy: pleg was last seen active 3m11.2s ago; threshold is 3m0s]",
    "[ 9000.418220] cgroup: fork rejected by pids controller in /kubepods",
    "at 12:30:45 eth0 02:42:ac:11:00:02 came up",
    "google.container.v1.ClusterManager.UpdateNodePool called",
    "default/pdfgenerator in namespace istio-system, uid 7b1c9d7e-a20f-11e9-9c3f-42010a840113",
]


@pytest.mark.parametrize(("kind", "text", "gone"), SECRETS)
def test_secrets_become_placeholders_of_their_kind(kind: str, text: str, gone: str) -> None:
    redactor = Redactor()
    after = redactor.text("message", text)
    assert gone not in after
    assert f"[{kind}-1]" in after
    assert [one.kind for one in redactor.replaced()] == [kind]


@pytest.mark.parametrize("text", USEFUL)
def test_what_the_report_is_about_stays(text: str) -> None:
    assert Redactor().text("message", text) == text


def test_the_same_value_is_the_same_placeholder_everywhere_and_counts_once() -> None:
    redactor = Redactor()
    assert redactor.text("message", "10.0.0.1 to 10.0.0.2") == "[ip-1] to [ip-2]"
    assert redactor.text("reason", "again 10.0.0.2") == "again [ip-2]"
    assert [(one.kind, one.values, one.places) for one in redactor.replaced()] == [("ip", 2, 3)]


def test_names_stay_but_for_the_users_own_patterns() -> None:
    redactor = Redactor(["acme-[a-z]+"])
    assert redactor.text("node", "gke-acme-prod-10.0.0.1") == "gke-[custom-1]-10.0.0.1"
    assert redactor.text("workload", "acme-shop/web") == "[custom-2]/web"
    assert redactor.text("signal", "acme-signal") == "acme-signal"


def test_a_bad_pattern_is_an_input_error_that_says_which() -> None:
    with pytest.raises(InputError, match=re.escape("'('")):
        render(pid_leak(), "html", redact=True, patterns=["("])


def test_marks_follow_the_text() -> None:
    line = pid_leak().causes[0].evidence[0]
    message = "from 10.0.0.1: fork rejected by pids controller at 10.0.0.2"
    start = message.index("fork")
    whole = pid_leak()
    marked = line.model_copy(update={"message": message, "mark": (start, start + len("fork rejected"))})
    incident = whole.model_copy(update={"causes": (whole.causes[0].model_copy(update={"evidence": (marked,)}),)})
    after = redact(incident)[0].causes[0].evidence[0]
    assert after.mark
    assert after.message[slice(*after.mark)] == "fork rejected"
    assert after.message.startswith("from [ip-")


def test_a_mark_that_cuts_a_secret_takes_all_of_its_placeholder() -> None:
    redactor = Redactor()
    message = "dial 10.0.0.1:443 failed"
    start, end = redactor.mark(message, (7, 10)) or (0, 0)
    assert redactor.text("message", message)[start:end] == "[ip-1]"


@pytest.mark.parametrize("form", ["html", "markdown", "text", "json"])
def test_whole_reports_hold_no_address_when_redacted_and_say_so(form: Format) -> None:
    whole = pid_leak()
    leaky = "dial tcp 10.77.3.9:443 as root@example.com"
    verdict = whole.verdict.model_copy(update={"summary": leaky, "against": (leaky,)})
    incident = whole.model_copy(update={"verdict": verdict})
    shown = render(incident, form, redact=True)
    assert "10.77.3.9" not in shown
    assert "root@example.com" not in shown
    assert "ip" in shown
    assert "10.77.3.9" in re.sub(r"\\", "", render(incident, form, redact=False))


def test_links_to_the_console_stay_unless_a_secret_is_in_them() -> None:
    redactor = Redactor()
    good = "https://console.cloud.google.com/logs/query;query=insertId%3D%221x%22;timeRange=2019-07-09T04:00:00Z%2F?project=p"
    assert redactor.text("console_url", good) == good
    assert redactor.text("console_url", good + "%20root%40example.com") == ""


def test_many_and_long_lines_take_no_time_to_speak_of() -> None:
    redactor = Redactor()
    for text in ("a" * 2000, "eyJ" * 600, "1." * 1000, "::" * 900, "password=" * 200, "@" * 2000, "-----BEGIN " * 180):
        redactor.text("message", text)
    incident = clean(pid_leak())
    assert redact(incident)[0].cluster == incident.cluster


def test_what_a_shell_fills_in_is_no_secret_and_the_command_stays_runnable() -> None:
    redactor = Redactor(())
    command = 'curl -H "Authorization: Bearer $(gcloud auth print-access-token)" https://monitoring.example'
    assert redactor.text("remedy", command) == command
    assert "Zm9vYmFyYmF6" not in redactor.text("message", "Authorization: Bearer Zm9vYmFyYmF6cXV4MTIz")

"""Replaces what should not leave the team by stable placeholders, so that lines can still be told apart.

The same value becomes the same placeholder throughout one report (`[ip-3]`). Names of nodes and workloads, container
ids, uids, insertIds, versions and times stay: the report is about them.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import unquote

import re2

from triage.errors import InputError
from triage.model.incident import Incident
from triage.render.sweep import Mark, rewrite

Span = tuple[int, int]


@dataclass(frozen=True)
class Replaced:
    """How much of one kind was replaced: how many different values, in how many places."""

    kind: str
    values: int
    places: int


@dataclass(frozen=True)
class Rule:
    """One kind of secret. The group `secret`, where a pattern has one, is what goes; else all of the match."""

    kind: str
    pattern: re.Pattern[str]
    holds: Callable[[str, Span], bool] | None = None
    """A second look at what the pattern found: the text, and the span that would go."""


_VERSION_BEFORE = re.compile(
    r"(?i)(?:\b(?:versions?|ver|release[ds]?|upgrad\w+|downgrad\w+|build|kernel|tag|kubernetes|k8s|gke|cos|image|kubelet|kube-proxy|docker|containerd|runc"
    r"|chrom\w+)\b[\"']?(?:\s+(?:from|to|is|was|version))*\s*[:= ]?\s*[\"']?|\bv|[A-Za-z_]\w*==)$"
)
_AGENT_BEFORE = re.compile(r"[A-Za-z][\w.+-]*/$|/[\w.-]+:$")
_PRIVATE = re.compile(
    r"10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[789]\d|1[01]\d|12[0-7])\."
)


def _is_ipv4(text: str, span: Span) -> bool:
    """Four numbers are an address, unless what stands around them says that they are a version."""
    start, end = span
    before = text[max(0, start - 40) : start]
    if _VERSION_BEFORE.search(before):
        return False
    return bool(_PRIVATE.match(text[start:end])) or not _AGENT_BEFORE.search(before) or before.endswith("//")


def _is_ipv6(text: str, span: Span) -> bool:
    """Whether the candidate parses as an address; a time of day or `std::string` does not."""
    candidate = text[slice(*span)]
    try:
        return candidate != "::" and ip_address(candidate.partition("%")[0]).version == 6
    except ValueError:
        return False


_RUN = re.compile(r"[A-Za-z0-9]{16,}")


def _looks_random(text: str, span: Span) -> bool:
    """Whether it has a long run that mixes cases and digits, as base64 does and names, hex ids and paths don't."""
    return any(
        re.search("[a-z]", run) and re.search("[A-Z]", run) and len(re.findall("[0-9]", run)) > 1
        for run in _RUN.findall(text[slice(*span)])
    )


def _is_value(text: str, span: Span) -> bool:
    """Whether what follows `token: ` is a value, and not the next word of a sentence (`token: context deadline`)."""
    value = text[slice(*span)]
    return text[span[0] - 1] not in " \t" or len(value) >= 20 or (bool(re.search(r"\d", value)) and len(value) >= 6)


_NOT_A_COMMAND = r"(?!(?:[A-Za-z-]{3,20}\s+)?\$[({])"
"""What a shell fills in when the command is run is no secret yet: `Bearer $(gcloud auth print-access-token)`."""
_NOT_YET = r"(?!\[[a-z-]{2,30}-\d+\])"
RULES: tuple[Rule, ...] = (
    Rule("service-account-key", re.compile(
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.{0,20000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)", re.DOTALL)),
    Rule("service-account-key", re.compile(
        r"""\bprivate_key(?:_id)?\\{0,3}["']?\s{0,3}[:=]\s{0,3}\\{0,3}["']?(?P<secret>[^\s"',}\\]{8,})""")),
    Rule("jwt", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?")),
    Rule("cookie", re.compile(
        r"""(?i)\b(?:set-)?cookies?\\{0,3}["']?\s{0,3}[:=]\s{0,3}\[?\\{0,3}["']?(?P<secret>[^\s=;"']+=[^\r\n"']{1,4000})""")),
    Rule("authorization", re.compile(
        r"""(?i)\b(?:proxy-)?authorization\\{0,3}["']?\s{0,3}[:=]\s{0,3}\[?\\{0,3}["']?"""
        + _NOT_A_COMMAND + r"""(?P<secret>(?:[A-Za-z-]{3,20}\s+)?[^\s"',;\]]{4,})""")),
    Rule("authorization", re.compile(
        r"""(?i)\b(?:bearer|basic|digest|apikey)\s+(?P<secret>[A-Za-z0-9+/_.~-]{16,}={0,2})""")),
    Rule("token", re.compile(
        r"\b(?:ya29\.[\w-]{10,}|1//0[\w-]{20,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}"
        r"|SG\.[\w-]{16,}\.[\w-]{16,}|npm_\w{30,}|pypi-[\w-]{30,}|hvs\.[\w-]{20,}|dop_v1_\w{30,})")),
    Rule("token", re.compile(r"hooks\.slack\.com/services/(?P<secret>[\w/]{10,})")),
    Rule("key", re.compile(
        r"\b(?:AIza[\w-]{35}|(?:AKIA|ASIA)[0-9A-Z]{16}|[sr]k[_-](?:live|test|proj)?[_-]?[A-Za-z0-9_-]{20,}|GOCSPX-[\w-]{20,})")),
    Rule("secret", re.compile(r"""://(?P<secret>[^\s/@:"']{0,200}:[^\s/@"']{1,200})@""")),
    Rule("secret", re.compile(
        r"""(?i)(?:pass(?:word|wd|phrase)|\bpwd)\\{0,3}["']?\s{0,3}(?:[:=]|\bis\b)\s{0,3}\\{0,3}["']?(?P<secret>"""
        + _NOT_YET + r"""[^\s"',;&}\\]{3,})""")),
    Rule("key", re.compile(
        r"""(?i)(?:api[-_]?key|access[-_]?key(?:[-_]?id)?|secret[-_]?key|signing[-_]?key|encryption[-_]?key|[?&]key)\\{0,3}["']?\s{0,3}[:=]\s{0,3}\\{0,3}["']?(?P<secret>"""
        + _NOT_YET + r"""[^\s"',;&}\\]{6,})"""), _is_value),
    Rule("token", re.compile(
        r"""(?i)(?:token|secret|credentials?|session[-_]?id|x-goog-signature|x-amz-signature|[?&](?:sig|code))\\{0,3}["']?\s{0,3}[:=]\s{0,3}\\{0,3}["']?(?P<secret>"""
        + _NOT_YET + r"""[^\s"',;&}\\]{6,})"""), _is_value),
    Rule("email", re.compile(r"(?<![\w.+-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z][\w-]{1,62}(?![\w@])")),
    Rule("ip", re.compile(
        r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,39}(?:(?:\d{1,3}\.){3}\d{1,3})?(?:%\w{1,15})?(?![\w:])"),
        _is_ipv6),
    Rule("ip", re.compile(
        r"(?<![\w.-])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w+]|-(?![\d\s])|\.\d)"),
        _is_ipv4),
    Rule("secret", re.compile(r"(?<![\w+/.=-])[A-Za-z0-9+/_-]{32,}={0,2}(?![\w+/-])"), _looks_random),
)  # fmt: skip
"""In order: what an earlier rule takes, a later one leaves alone."""

_NEVER = frozenset({
    "schema_version", "confidence", "cause", "effect", "chain", "signal", "signals", "check", "severity", "aspect",
    "kind", "role", "basis", "level", "stream", "planned", "variants", "seen_by", "metric",
})  # fmt: skip
"""Fields whose values are the program's own words."""
_NAMES = frozenset({
    "node", "nodes", "node_pool", "zone", "location", "project", "instance_id", "operation", "insert_id", "workload",
    "name", "version",
})  # fmt: skip
"""Fields that name things the report is about: only the user's own patterns apply."""
_LINKS = frozenset({"url", "console_url", "query_url"})
_HAS_ANY = re.compile(
    r"[@:=]|\d\.\d|[A-Za-z0-9+/_-]{32}|[-_.]\w{16}|A[KS]IA|hooks\.slack|-----BEGIN"
    r"|(?i:bearer|basic|digest|apikey|password|passwd|passphrase|pwd) "
)
"""What every rule needs at least one of: most strings of a report hold none and are done."""


def custom_rules(patterns: Sequence[str]) -> Iterator[re2._Regexp]:
    """The user's patterns, in RE2 as everywhere. Raises InputError where one does not compile."""
    options = re2.Options()
    options.log_errors = False
    for pattern in patterns:
        try:
            yield re2.compile(pattern, options)
        except re2.error as fault:
            reason = fault.args[0].decode() if fault.args and isinstance(fault.args[0], bytes) else str(fault)
            raise InputError(
                f"--redact-pattern {pattern!r} is not a regular expression: {reason}",
                remedy="write it in RE2 syntax, as in filters: https://github.com/google/re2/wiki/Syntax",
            ) from None


class Redactor:
    """Finds what must go and gives each value its placeholder; one for a whole report."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._custom = list(custom_rules(patterns))
        self._placeholders: dict[tuple[str, str], str] = {}
        self._values: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._found = lru_cache(maxsize=4096)(self._find)

    def text(self, field: str, text: str) -> str:
        """The text of a field with placeholders in it."""
        if field in _NEVER:
            return text
        if field in _LINKS:
            return self._link(text)
        spans = self._found(text, field in _NAMES)
        for _, _, kind in spans:
            self._places[kind] = self._places.get(kind, 0) + 1
        return self._replace(text, spans)

    def mark(self, message: str, mark: Mark) -> Mark | None:
        """Where the marked part of a message lies afterwards; a mark that touches a placeholder takes it in."""
        start, end = mark
        shift_start = shift_end = 0
        for low, high, kind in self._found(message, False):
            grown = len(self._placeholder(kind, message[low:high])) - (high - low)
            if high <= start:
                shift_start += grown
            elif low < start:
                start = low
            if high <= end:
                shift_end += grown
            elif low < end:
                end, shift_end = high, shift_end + grown
        return start + shift_start, end + shift_end

    def replaced(self) -> tuple[Replaced, ...]:
        """What was replaced so far, by kind in alphabetical order."""
        return tuple(Replaced(kind, self._values[kind], places) for kind, places in sorted(self._places.items()))

    def _link(self, url: str) -> str:
        """A link stays as it is, or goes: with a placeholder in it, it would lead nowhere."""
        spans = self._found(unquote(url), False)
        return "" if any(kind != "secret" for _, _, kind in spans) else url

    def _replace(self, text: str, spans: Sequence[tuple[int, int, str]]) -> str:
        if not spans:
            return text
        parts, done = [], 0
        for start, end, kind in spans:
            parts += [text[done:start], self._placeholder(kind, text[start:end])]
            done = end
        return "".join([*parts, text[done:]])

    def _placeholder(self, kind: str, value: str) -> str:
        key = (kind, value)
        if key not in self._placeholders:
            self._values[kind] = self._values.get(kind, 0) + 1
            self._placeholders[key] = f"[{kind}-{self._values[kind]}]"
        return self._placeholders[key]

    def _find(self, text: str, name: bool) -> tuple[tuple[int, int, str], ...]:
        """What must go from a text, in order; spans don't overlap."""
        found: list[tuple[int, int, str]] = []
        for pattern in self._custom:
            found += [(*hit.span(), "custom") for hit in pattern.finditer(text) if hit.span()[0] < hit.span()[1]]
        found = _apart(found)
        if not name and _HAS_ANY.search(text):
            for rule in RULES:
                for hit in rule.pattern.finditer(text):
                    span = hit.span("secret") if "secret" in rule.pattern.groupindex else hit.span()
                    if (rule.holds is None or rule.holds(text, span)) and all(
                        end <= span[0] or span[1] <= start for start, end, _ in found
                    ):
                        found.append((*span, rule.kind))
        return tuple(sorted(found))


def _apart(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for span in sorted(spans):
        if not kept or kept[-1][1] <= span[0]:
            kept.append(span)
    return kept


def redact(incident: Incident, patterns: Sequence[str] = ()) -> tuple[Incident, tuple[Replaced, ...]]:
    """The incident with placeholders for what should not leave the team, and what was replaced.

    `patterns` are further RE2 expressions; what they match goes as well, in names too. Raises InputError for a bad one.
    """
    redactor = Redactor(patterns)
    return rewrite(incident, redactor), redactor.replaced()

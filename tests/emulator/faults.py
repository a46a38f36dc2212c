"""Faults on demand: what real services do on a bad day, switched on by rule and counted down."""

import json
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Lock
from typing import Any

KINDS = {
    "rate-limit": "429 RESOURCE_EXHAUSTED",
    "quota": "429 beyond `limit` requests within any `seconds` (default 60 and 60)",
    "unavailable": "503 UNAVAILABLE",
    "internal": "500 INTERNAL",
    "deadline": "504 DEADLINE_EXCEEDED",
    "permission-denied": "403, also by `permission`; testIamPermissions then lacks it",
    "service-disabled": "403 with reason SERVICE_DISABLED",
    "unauthenticated": "401, no or wrong credentials",
    "token-expired": "401, the access token has expired",
    "page-token-expired": "400 where a request carries a page token",
    "latency": "the answer waits for `seconds` (default 1)",
    "break": "the connection is reset after `bytes` of the answer (default: half of it)",
    "malformed": "the answer is no valid JSON or protobuf",
    "short-page": "pages hold at most `entries` records (default 0), with a token for the rest",
    "duplicates": "each page after the first begins with the last `entries` records of the one before (default 5)",
    "reorder": "the records of a page come in reverse",
    "missing-zones": "ListOperations and ListClusters lack `zones` and say so",
}


@dataclass
class Fault:
    """One rule. It bears on requests whose method matches `method`, after the first `skip`, for `times` of them.

    `method` is a pattern over `api.Method` (`logging.ListLogEntries`, `container.*`) or over the method alone.
    """

    kind: str
    method: str = "*"
    times: int | None = None
    skip: int = 0
    permission: str = ""
    seconds: float | None = None
    limit: int = 60
    bytes: int | None = None
    entries: int | None = None
    zones: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of fault; there are {', '.join(KINDS)}")
        self.zones = tuple(self.zones)
        self.times_seen: deque[float] = deque()

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Fault":
        unknown = set(record) - {f.name for f in fields(cls)}
        if unknown or "kind" not in record:
            raise ValueError(
                f"a fault needs `kind` and knows no {', '.join(sorted(unknown)) or 'other way to name it'}"
            )
        return cls(**record)

    @classmethod
    def from_option(cls, text: str) -> "Fault":
        """`rate-limit,method=logging.*,times=3` as on the command line; values are JSON where they parse."""
        kind, *pairs = text.split(",")
        record: dict[str, Any] = {"kind": kind}
        for pair in pairs:
            key, _, value = pair.partition("=")
            try:
                record[key] = json.loads(value)
            except ValueError:
                record[key] = value.split("+") if key == "zones" else value
        return cls.from_json(record)

    def concerns(self, method: str, permission: str = "") -> bool:
        """Whether the rule bears on `method` (`api.Method`), counts aside."""
        if self.permission and self.permission != permission:
            return False
        return fnmatchcase(method, self.method) or fnmatchcase(method.split(".", 1)[1], self.method)

    def spend(self) -> bool:
        """Count one request; True where the fault strikes it."""
        if self.kind == "quota":
            return self._over_quota(time.monotonic())
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is None:
            return True
        if self.times <= 0:
            return False
        self.times -= 1
        return True

    def _over_quota(self, now: float) -> bool:
        while self.times_seen and self.times_seen[0] <= now - (self.seconds or 60):
            self.times_seen.popleft()
        if len(self.times_seen) >= self.limit:
            return True
        self.times_seen.append(now)
        return False


@dataclass
class Faults:
    """The rules in force. Safe to change while requests run."""

    rules: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = Lock()

    @classmethod
    def of(cls, faults: "Faults | Iterable[Fault | Mapping[str, Any] | str] | None") -> "Faults":
        """Rules, mappings and command-line spellings alike."""
        if isinstance(faults, Faults):
            return faults
        return cls([_one(fault) for fault in faults or ()])

    @classmethod
    def read(cls, path: Path) -> "Faults":
        """A JSON array of rules. Raises ValueError where one of them is wrong."""
        return cls([Fault.from_json(record) for record in json.loads(path.read_text())])

    def add(self, kind: str, **settings: Any) -> Fault:
        fault = Fault(kind, **settings)
        with self._lock:
            self.rules.append(fault)
        return fault

    def replace(self, faults: Iterable[Fault]) -> None:
        with self._lock:
            self.rules[:] = faults

    def clear(self) -> None:
        self.replace(())

    def to_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(rule) for rule in self.rules]

    def strike(self, method: str, kinds: Iterable[str], permission: str = "") -> Fault | None:
        """The first rule of these kinds that strikes this request, counted down; None where none does."""
        wanted = set(kinds)
        with self._lock:
            for rule in self.rules:
                if rule.kind in wanted and rule.concerns(method, permission) and rule.spend():
                    return rule
        return None

    def standing(self, kind: str, method: str, permission: str = "") -> bool:
        """Whether a rule bears on this method, without counting: what testIamPermissions and services.list tell."""
        with self._lock:
            rules = [rule for rule in self.rules if rule.kind == kind and rule.times != 0]
        return any(rule.concerns(method, permission) for rule in rules)


def _one(fault: Fault | Mapping[str, Any] | str) -> Fault:
    if isinstance(fault, Fault):
        return fault
    return Fault.from_option(fault) if isinstance(fault, str) else Fault.from_json(fault)

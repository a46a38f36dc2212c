"""The project that the evidence belongs to, by its two names, and the others that it mentions."""

from dataclasses import dataclass
from typing import Self

from tests.emulator.evidence import Evidence

UNKNOWN_NUMBER = "123456789012"


@dataclass(frozen=True)
class Project:
    """`id` and `number` of the project itself; `known` are all names that the evidence mentions, none means any."""

    id: str
    number: str
    known: frozenset[str]

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """The id and the number that occur most; evidence that names no project belongs to any."""
        names = evidence.projects()
        number = next((name for name in names if name.isdigit()), UNKNOWN_NUMBER)
        ids = [name for name in names if not name.isdigit()]
        return cls(ids[0] if ids else "project", number, frozenset([*names, number] if ids else ()))

    def knows(self, name: str) -> bool:
        return not self.known or name in self.known

    def id_of(self, name: str) -> str:
        """The id of a project that may be named by its number."""
        return self.id if name == self.number else name

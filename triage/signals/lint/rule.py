"""What a rule is, and how the rules of this package are found and run."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

from triage.signals.drafts import Draft, SignalFile
from triage.signals.faults import Fault


class Rule(ABC):
    """One thing that holds of signal files."""

    @abstractmethod
    def faults(self, draft: Draft) -> Iterator[Fault]:
        """Where it does not hold."""


class FileRule(Rule):
    """One thing that holds of each file by itself."""

    @abstractmethod
    def check(self, file: SignalFile) -> Iterator[Fault]:
        """Where it does not hold of one file."""

    def faults(self, draft: Draft) -> Iterator[Fault]:
        """Where it does not hold, file by file."""
        for file in draft.judged:
            yield from self.check(file)


@cache
def rules(family: Literal["fit", "proof"]) -> tuple[Rule, ...]:
    """One of each rule in that part of the package, in the order of modules and of classes within."""
    package = f"{__package__}.{family}"
    found: list[Rule] = []
    for module in sorted(pkgutil.iter_modules([str(Path(__file__).parent / family)]), key=lambda module: module.name):
        named = importlib.import_module(f"{package}.{module.name}")
        kinds = [kind for kind in vars(named).values() if isinstance(kind, type) and kind.__module__ == named.__name__]
        found += [kind() for kind in kinds if issubclass(kind, Rule)]
    return tuple(found)


def essential_faults(draft: Draft) -> list[Fault]:
    """What keeps the pack from being used."""
    return [fault for rule in rules("fit") for fault in rule.faults(draft)]


def lint_faults(draft: Draft) -> list[Fault]:
    """What makes files of a usable pack less than trustworthy; the pack must be without essential faults."""
    return [fault for rule in rules("proof") for fault in rule.faults(draft)]

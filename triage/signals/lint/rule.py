"""What a rule is, and how the rules of this package are found and run."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache
from inspect import isabstract
from pathlib import Path
from typing import ClassVar

from triage.signals.drafts import Draft, SignalFile
from triage.signals.faults import Fault


class Rule(ABC):
    """One thing that holds of signal files."""

    essential: ClassVar[bool] = False
    """Without it the pack cannot be used: checked whenever it is read, not only by `triage signals check`."""

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
        for file in draft.files:
            yield from self.check(file)


@cache
def rules() -> tuple[Rule, ...]:
    """One of each rule in this package, in the order of their modules."""
    package = Path(__file__).parent
    modules = sorted(module.name for module in pkgutil.iter_modules([str(package)]) if module.name != "rule")
    for name in modules:
        importlib.import_module(f"{__package__}.{name}")
    kinds = [*Rule.__subclasses__(), *FileRule.__subclasses__()]
    return tuple(kind() for kind in kinds if not isabstract(kind))


def essential_faults(draft: Draft) -> list[Fault]:
    """What keeps the pack from being used."""
    return [fault for rule in rules() if rule.essential for fault in rule.faults(draft)]


def lint_faults(draft: Draft) -> list[Fault]:
    """All faults by all rules."""
    return [fault for rule in rules() for fault in rule.faults(draft)]

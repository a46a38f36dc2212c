"""What a rule is, and how the rules of this package are found and run."""

import importlib
import pkgutil
from abc import ABC
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import ClassVar

from triage.signals.drafts import Draft, SignalFile
from triage.signals.faults import Fault


class Rule(ABC):
    """One thing that holds of a signal file (`check`) or of all of them together (`finish`)."""

    essential: ClassVar[bool] = False
    """Without it the pack cannot be used: checked whenever it is read, not only by `triage signals check`."""

    def check(self, file: SignalFile, draft: Draft) -> Iterator[Fault]:
        """The faults of one file; `draft` holds the others."""
        yield from ()

    def finish(self, draft: Draft) -> Iterator[Fault]:
        """The faults that only show when all files are known."""
        yield from ()


@cache
def rules() -> tuple[Rule, ...]:
    """One of each rule in this package, in the order of their modules."""
    package = Path(__file__).parent
    modules = sorted(module.name for module in pkgutil.iter_modules([str(package)]) if module.name != "rule")
    for name in modules:
        importlib.import_module(f"{__package__}.{name}")
    return tuple(kind() for kind in Rule.__subclasses__())


def essential_faults(draft: Draft) -> list[Fault]:
    """What keeps the pack from being used."""
    return _run(draft, [rule for rule in rules() if rule.essential], None)


def lint_faults(draft: Draft, files: Collection[Path] | None = None) -> list[Fault]:
    """All faults by all rules; with `files` (resolved paths) those of these files only."""
    return _run(draft, rules(), files)


def _run(draft: Draft, chosen: Collection[Rule], files: Collection[Path] | None) -> list[Fault]:
    faults: list[Fault] = []
    for rule in chosen:
        for file in draft.files:
            if files is None or file.document.path.resolve() in files:
                faults.extend(rule.check(file, draft))
        faults.extend(rule.finish(draft))
    return faults

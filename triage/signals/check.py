"""`triage signals check`: all rules over some files, or over the bundled pack."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from triage.signals.drafts import STREAMS_FILE
from triage.signals.lint import essential_faults, lint_faults
from triage.signals.pack import draft_pack, in_order


@dataclass(frozen=True)
class Checked:
    """What a check found: `faults` one line each; how many signals and examples were looked at."""

    faults: tuple[str, ...]
    signals: int
    examples: int


def check_files(files: Sequence[Path] = ()) -> Checked:
    """Check these signal files together with the bundled pack; without any, the bundled pack itself.

    Faults of files that were not named are left out where the named ones have some. Examples are only run once the
    files fit together.
    """
    draft = draft_pack(files=[path for path in files if path.name != STREAMS_FILE])
    if files and all(path.name != STREAMS_FILE for path in files):
        draft.only = frozenset(path.resolve() for path in files)
    faults = in_order(draft.faults or essential_faults(draft) or lint_faults(draft))
    own = [fault for fault in faults if draft.only is None or Path(fault.file).resolve() in draft.only]
    # Where only other files are at fault, the pack cannot be used all the same.
    told = tuple(str(fault) for fault in own or faults)
    examples = [file.signal.examples for file in draft.judged]
    return Checked(told, len(examples), sum(len(one.match) + len(one.ignore) for one in examples))

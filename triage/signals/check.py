"""`triage signals check`: all rules over some files, or over the bundled pack."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from triage.signals.drafts import STREAMS_FILE, Draft
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

    Faults of files that were not named are left out, unless nothing was named. Examples are only run once the files
    fit together.
    """
    draft = draft_pack(files=[path for path in files if path.name != STREAMS_FILE])
    faults = draft.faults or essential_faults(draft) or lint_faults(draft)
    chosen = {path.resolve() for path in files}
    of_streams = any(path.name == STREAMS_FILE for path in files)
    if chosen and not of_streams:
        draft.files = [file for file in draft.files if file.document.path.resolve() in chosen]
        faults = [fault for fault in faults if Path(fault.file).resolve() in chosen]
    return Checked(tuple(str(fault) for fault in in_order(faults)), len(draft.files), _examples(draft))


def _examples(draft: Draft) -> int:
    return sum(len(file.signal.examples.match) + len(file.signal.examples.ignore) for file in draft.files)

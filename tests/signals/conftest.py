from collections.abc import Callable
from pathlib import Path

import pytest

from triage.model.signal import Pack
from triage.resources import resource
from triage.signals.drafts import STREAMS_FILE, Draft, read_draft
from triage.signals.pack import checked

HEAD = """\
title: {title}
status: test
role: cause
severity: high
description: What a test looks for.
summary: "{{node}}: seen {{count}}×"
"""


@pytest.fixture
def draft(tmp_path: Path) -> Callable[..., Draft]:
    """A draft of the given files (id → YAML after the common head), with the bundled streams."""

    def make(**files: str) -> Draft:
        paths = []
        for name, text in files.items():
            signal_id = name.replace("_", "-")
            path = tmp_path / f"{signal_id}.yaml"
            path.write_text(f"id: {signal_id}\n" + HEAD.format(title=signal_id.capitalize()) + text)
            paths.append(path)
        return read_draft(resource("queries") / STREAMS_FILE, paths)

    return make


@pytest.fixture
def pack(draft: Callable[..., Draft]) -> Callable[..., Pack]:
    """A checked pack of the given files."""
    return lambda **files: checked(draft(**files))

"""From hostile files to the page: what a log, an alert, an operation or a workload is called or says stays text."""

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.simulate.__main__ import main as simulate
from tests.render.test_hostile import KNOWN, Structure
from triage.incident import investigate
from triage.model.place import Ask
from triage.render import render
from triage.render.escape import visible
from triage.signals import load_pack

SUSPECT = "pdf-renderer"
TEXTS = {"textPayload", "MESSAGE", "message", "note", "displayName", "statusMessage", "detail", "principalEmail"}
PAYLOADS = (
    "<img src=x onerror=pwned()>",
    "</title></svg></style></script><script>pwned()</script>",
    "\"'><svg onload=pwned()>\x1b]8;;javascript:pwned()\x07",
    "${pwned()}{{pwned()}}`pwned()`\u202e<!--",
)


def poisoned(value: Any, payload: str, key: str = "") -> Any:
    """The same document where every text ends in the payload, and the suspect is called so, wherever it is named."""
    if isinstance(value, dict):
        return {name: poisoned(inner, payload, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, payload, key) for inner in value]
    if not isinstance(value, str):
        return value
    value = value.replace(SUSPECT, SUSPECT + payload)
    return f"{value} {payload}" if key in TEXTS else value


@pytest.fixture(scope="module")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("bed")
    simulate(["lone-repair", "--output", str(directory)])
    return directory / "lone-repair"


def hostile(incident: Path, directory: Path, payload: str) -> Path:
    """The evidence of that incident, poisoned."""
    directory.mkdir()
    for file in incident.iterdir():
        if file.suffix == ".json":
            document = poisoned(json.loads(file.read_text()), payload)
            (directory / file.name).write_text(json.dumps(document))
        else:
            lines = gzip.decompress(file.read_bytes()).splitlines()
            text = "\n".join(json.dumps(poisoned(json.loads(line), payload)) for line in lines)
            (directory / file.name).write_bytes(gzip.compress(text.encode(), 1))
    return directory


@pytest.mark.parametrize("payload", PAYLOADS if os.environ.get("TRIAGE_FULL_TESTS") else PAYLOADS[1:2])
def test_hostile_files_make_a_page_that_is_all_text(look: Any, tmp_path: Path, incident: Path, payload: str) -> None:
    evidence = hostile(incident, tmp_path / "evidence", payload)
    found = investigate(evidence, Ask(), load_pack(), now=datetime(2026, 3, 1, tzinfo=UTC))
    assert found.episodes, "the poison must not cure the patient"
    html = render(found, "html", redact=True)
    structure = Structure(html)
    assert structure.faults == []
    assert set(structure.tags) <= {*KNOWN, "mark", "wbr"}
    opened = look(html)
    assert visible(payload, 200).replace("`", "") in opened.page.locator("main").inner_text().replace("`", "")
    for width in (1280, 390):
        opened.page.set_viewport_size({"width": width, "height": 800})
        opened.fits()
    assert opened.page.evaluate("typeof pwned") == "undefined"
    opened.quiet()

"""Reports stay as they were accepted."""

import pytest

from tests.render.golden import CASES, made, path
from triage.render import Format


@pytest.mark.parametrize(("name", "form"), CASES, ids=[f"{name}-{form}" for name, form in CASES])
def test_the_report_is_the_accepted_one(name: str, form: Format) -> None:
    now = made(name, form)
    gold = path(name, form)
    if not gold.exists() or gold.read_text(encoding="utf-8") != now:
        gold.with_suffix(gold.suffix + ".actual").write_text(now, encoding="utf-8")
    assert gold.read_text(encoding="utf-8") == now, (
        "see the .actual file beside it; accept: python -m tests.render.golden"
    )

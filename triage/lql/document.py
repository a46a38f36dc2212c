"""JSON text read in Python as the engines read it."""

import json
from typing import Any


def parsed(text: str) -> Any:
    """The value that a JSON text holds; of a key that stands twice in an object, the first value counts, as in DuckDB.

    Raises ValueError for text that is no JSON.
    """
    return json.loads(text, object_pairs_hook=_first)


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else dict(reversed(pairs))

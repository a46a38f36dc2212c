"""Files that travel with the program: the signal pack, the report's templates, the demo's evidence."""

from pathlib import Path
from typing import Literal

_INSTALLED = Path(__file__).parent / "_data"
_CHECKOUT = Path(__file__).parent.parent
_IN_CHECKOUT = {"queries": "queries", "reports": "reports", "demo": "fixtures/pid-leak-2019"}


def resource(name: Literal["queries", "reports", "demo"]) -> Path:
    """The directory that holds `name`, inside an installed wheel or in a checkout."""
    installed = _INSTALLED / name
    return installed if installed.is_dir() else _CHECKOUT / _IN_CHECKOUT[name]

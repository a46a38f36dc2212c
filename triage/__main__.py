"""The program: `python -m triage`, and the script `triage`."""

import sys
from typing import NoReturn

from triage import interrupt


def run() -> NoReturn:
    """Run the command line. Ctrl-C is one line and status 130 from the first moment, while modules are still loaded."""
    try:
        interrupt.listen()
        from triage.cli import main  # noqa: PLC0415 - nothing is loaded before Ctrl-C is listened to
    except KeyboardInterrupt:
        interrupt.ignore()
        sys.stderr.write("triage: interrupted\n")
        sys.exit(130)
    main()


if __name__ == "__main__":
    run()

"""The control endpoint: faults and counters of an emulator that runs by itself.

GET /emulator/faults                      the rules in force
PUT /emulator/faults      [rule, …]       replaces them
POST /emulator/faults     rule            adds one
DELETE /emulator/faults                   removes all
GET /emulator/requests                    counts per method, and per method and outcome
DELETE /emulator/requests                 starts counting anew
"""

import json

from tests.emulator.dispatch import Json, Ledger, Reply
from tests.emulator.errors import ApiError, invalid
from tests.emulator.faults import Fault, Faults
from tests.emulator.rest import OtherPaths


class Control(OtherPaths):
    """Serves `/emulator/…`."""

    prefix = "/emulator/"

    def __init__(self, faults: Faults, ledger: Ledger) -> None:
        self._faults = faults
        self._ledger = ledger

    def answer(self, verb: str, target: str, body: bytes) -> Reply:
        """See the module. Raises ApiError where the path or a rule is wrong."""
        if target == self.prefix + "faults":
            return Reply(self._on_faults(verb, body))
        if target == self.prefix + "requests":
            if verb == "DELETE":
                self._ledger.clear()
            outcomes = {f"{method} {outcome}": n for (method, outcome), n in self._ledger.outcomes().items()}
            return Reply({"methods": dict(self._ledger.counts()), "outcomes": outcomes})
        raise ApiError("NOT_FOUND", f"no such path: {target}")

    def _on_faults(self, verb: str, body: bytes) -> Json:
        try:
            if verb == "PUT":
                self._faults.replace([Fault.from_json(record) for record in json.loads(body)])
            elif verb == "POST":
                rule = Fault.from_json(json.loads(body))
                self._faults.replace([*self._faults.rules, rule])
            elif verb == "DELETE":
                self._faults.clear()
        except (ValueError, TypeError) as error:
            raise invalid(str(error)) from None
        return {"faults": self._faults.to_json()}

"""Whether anything out there answers: a run without a network must end soon, and one slow API must cost no other."""

import threading
import time
from dataclasses import dataclass, field

SILENCE_S = 20.0
"""So long after its first attempt a run in which no server has answered at all tries nothing a second time."""
CONNECT_S = 5.0
"""How long a connection may take to come about; what is asked over it may take longer."""

NO_WAY_OUT = """\
check the network, a VPN or firewall, HTTPS_PROXY, and CLOUDSDK_API_ENDPOINT_OVERRIDES_… if you set them;
or let somebody else collect: triage collect --cluster NAME --print-commands"""


@dataclass
class Contact:
    """What a run has heard from servers so far; shared by all its sources."""

    began: float = field(default_factory=time.monotonic)
    over_rest: set[str] = field(default_factory=set)
    """APIs that gRPC did not reach but REST did."""
    over_grpc: set[str] = field(default_factory=set)
    """APIs that gRPC did reach."""
    _answered: threading.Event = field(default_factory=threading.Event)

    def heard(self) -> None:
        """A server answered, be it with an error."""
        self._answered.set()

    @property
    def made(self) -> bool:
        """Whether any server has answered."""
        return self._answered.is_set()

    def rest_alone(self, api: str) -> bool:
        """Whether gRPC is in vain for `api`: it did not reach it, or it did not reach another one and has reached none.

        What stops HTTP/2 stands before all of Google's hosts, and finding that out takes seconds each time.
        """
        return api in self.over_rest or bool(self.over_rest and not self.over_grpc)

    @property
    def lost(self) -> bool:
        """Whether nothing has answered for `SILENCE_S` since the run began: trying again is in vain."""
        return not self.made and time.monotonic() - self.began > SILENCE_S

"""The Google APIs for tests: an evidence directory, served over real gRPC and real REST.

with Emulator(path, faults=["rate-limit,times=2"]) as emulator:
    run(env=emulator.environment("grpc"))
    assert emulator.requests["logging.ListLogEntries"] == 3
"""

from tests.emulator.emulator import Emulator
from tests.emulator.faults import Fault, Faults

__all__ = ["Emulator", "Fault", "Faults"]

"""One small incident for each rule of the correlator: right with the rule, and wrong without it.

Each is a situation of the world, said in its docstring, and asserts what is right there. `benchmarks.rules` switches
the rules off; `test_witnesses` holds the two together, so that a rule without a witness fails.
"""

from tests.correlate.witnesses import episodes, gates, graph, suspects, windows
from tests.correlate.witnesses.table import WITNESSES

__all__ = ["WITNESSES", "episodes", "gates", "graph", "suspects", "windows"]

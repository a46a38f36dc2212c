"""Two looks at all log entries: who spoke when and which pod ran where, and the entries that a signal may want.

DuckDB reads the few fields that say where and when of every entry; all fields only of those that the sieve lets pass.
What no signal wants is only counted, so memory grows with the containers and nodes that speak, by log and five minutes,
and with the entries that are kept, not with the entries that are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from triage.sources.files.entry_files import EntryFiles
from triage.sources.files.heads import quoted
from triage.sources.files.looks import CONTROLLER, PLACE, groups_sql, kept_sql
from triage.sources.files.sieve import Sieve
from triage.sources.plan import Plan

_POD = ("namespace", "pod", "controller", "controller_type")
_NOTHING = "SELECT " + ", ".join(f"'' AS {name}" for name in PLACE) + ", NULL::JSON AS entry LIMIT 0"


@dataclass(frozen=True)
class Scanned:
    """What was found; times are nanoseconds since the epoch.

    `spoke` has PLACE, log_name, bin (its number since the epoch), n, first, last. `pods` has PLACE, namespace, pod,
    controller, controller_type, first, last. `kept`, a table in the connection, has PLACE and entry: the wanted
    entries, whole.
    """

    spoke: pd.DataFrame
    pods: pd.DataFrame
    malformed: int


def connect(files: EntryFiles) -> duckdb.DuckDBPyConnection:
    """A connection that reads files and nothing else: no extension is fetched, what spills goes to our scratch."""
    connection = duckdb.connect()
    connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
    connection.execute(f"SET temp_directory = {quoted(str(files.contents.scratch / 'spill'))}")
    return connection


def scan(connection: duckdb.DuckDBPyConnection, files: EntryFiles, plan: Plan, *, edges: Sequence[int] = ()) -> Scanned:
    """Read the head of every entry, and the wanted ones whole.

    `edges` (nanoseconds) are times that no row of `spoke` may reach across. A file with records that are no entries is
    looked at line by line, to say where; where that saves broken lines (text that is no UTF-8, say), everything is read
    again with the saved ones.
    """
    if not files.files:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {_NOTHING}")
        return Scanned(_nowhere("log_name", "bin", "n", "first", "last"), _nowhere(*_POD, "first", "last"), 0)
    passed = _survey(connection, files, plan, edges)
    told = ", ".join(f"coalesce({name}, '') AS {name}" for name in PLACE)
    spoke = _part(
        connection, "whole", f"{told}, coalesce(log_name, '') AS log_name, bin, era, sum(n)::BIGINT AS n"
    ).drop(columns="era")
    pods = _part(connection, "whole AND pod IS NOT NULL", f"{told}, namespace, pod, {CONTROLLER}")
    left = sum(count for _, count in _broken(connection))
    connection.execute("DROP TABLE groups")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {_NOTHING}")
    if passed.files:
        connection.execute(f"INSERT INTO kept SELECT {told}, entry FROM ({kept_sql(passed, plan)})")  # noqa: S608 - our own text
    noted = sum(file.skipped for file in files.files if not file.cleaned)
    return Scanned(spoke, pods, files.malformed - noted + left)


def _survey(connection: duckdb.DuckDBPyConnection, files: EntryFiles, plan: Plan, edges: Sequence[int]) -> EntryFiles:
    """Fill the table `groups`; the files are sieved meanwhile. Returns the files that hold what may be wanted."""

    def look() -> None:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE groups AS {groups_sql(files, edges)}")

    with Sieve(plan) as sieve:
        sieving, read = sieve.start(files), files.paths
        files.asked(look)
        if _mended(connection, files):
            files.asked(look)
        passed = sieving.result()
        return passed if files.paths == read else sieve.start(files).result()


def _part(connection: duckdb.DuckDBPyConnection, which: str, columns: str) -> pd.DataFrame:
    """Some of the groups, brought together by those of the columns that are no aggregates."""
    return connection.execute(
        f"SELECT {columns}, min(first) AS first, max(last) AS last FROM groups WHERE {which} GROUP BY ALL"  # noqa: S608 - our own text
    ).df()


def _broken(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """The files that hold records which are no entries, and how many."""
    return connection.execute(
        "SELECT broken_file, sum(n)::BIGINT FROM groups WHERE broken_file IS NOT NULL GROUP BY broken_file"
    ).fetchall()


def places_of(scanned: Scanned) -> pd.DataFrame:
    """Every place that an entry came from, once: the columns of PLACE."""
    return pd.concat([scanned.spoke, scanned.pods])[list(PLACE)].drop_duplicates(ignore_index=True)


def _nowhere(*columns: str) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype="object") for column in (*PLACE, *columns)})


def _mended(connection: duckdb.DuckDBPyConnection, files: EntryFiles) -> bool:
    again = False
    for filename, count in _broken(connection):
        file = files.by_name(filename)
        again = (not file.cleaned and files.mend(file, unless_skipped=count)) or again
    return again

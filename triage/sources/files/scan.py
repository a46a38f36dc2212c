"""Two looks at all log entries: who spoke when and which pod ran where, and the entries that a signal may want.

DuckDB reads the few fields that say where and when of every entry (`survey`); all fields only of those that the sieve
lets pass. What no signal wants is only counted, so memory grows with the containers and nodes that speak, by log and
five minutes, and with the entries that are kept, not with the entries that are read.
"""

from dataclasses import dataclass

import duckdb
import pandas as pd

from triage.sources.files.entry_files import EntryFiles
from triage.sources.files.looks import PLACE, logs_sql, pods_sql, speakers_sql, spoke_sql
from triage.sources.files.sieve import Passed, Sieve
from triage.sources.files.survey import Survey
from triage.sources.files.wanted import kept_sql, nothing_kept_sql
from triage.sources.plan import Plan

_POD = ("namespace", "pod", "controller", "controller_type", "first", "last")


@dataclass(frozen=True)
class Scanned:
    """What was found; times are nanoseconds since the epoch.

    `logs` has PLACE and log_name: each log of each place once, its index 0, 1, 2 and on. `spoke` has log (that index),
    bin (its number since the epoch), n, first, last. `pods` has PLACE, namespace, pod, controller, controller_type,
    first, last. `kept`, a table in the survey's connection, has PLACE and entry: the wanted entries, whole.
    """

    logs: pd.DataFrame
    spoke: pd.DataFrame
    pods: pd.DataFrame
    malformed: int


def scan(survey: Survey, plan: Plan) -> Scanned:
    """What the survey counted, and the wanted entries whole, read while it goes on.

    A file with records that are no entries is looked at line by line, to say where.
    """
    connection, files = survey.connection, survey.files
    if not files.files:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {nothing_kept_sql()}")
        spoke = _nothing("log", "bin", "n", "first", "last", dtype="int64")
        return Scanned(_nothing(*PLACE, "log_name"), spoke, _nothing(*PLACE, *_POD), 0)
    with Sieve(plan) as sieve:
        sieving = sieve.start(files.files, files.contents.scratch)
        left = sum(count for _, count in survey.done())
        logs, spoke, pods = _spoken(connection)
        passed = _passed(sieve, sieving.result(), files)
    kept = kept_sql(passed, plan) if passed.files else nothing_kept_sql()
    connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {kept}")
    noted = sum(file.passed_over for file in files.files)
    return Scanned(logs, spoke, pods, files.malformed - noted + left)


def _spoken(connection: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, ...]:
    """`logs`, `spoke` and `pods` of Scanned, out of what the survey counted, which is given up."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE speakers AS {speakers_sql()}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE logs AS {logs_sql()}")
    queries = ("SELECT * EXCLUDE (log) FROM logs ORDER BY log", spoke_sql(), pods_sql())
    tables = tuple(connection.execute(query).df() for query in queries)
    connection.execute("DROP TABLE groups; DROP TABLE speakers; DROP TABLE logs")
    return tables


def _passed(sieve: Sieve, passed: Passed, files: EntryFiles) -> EntryFiles:
    """What is to be read whole; a file that the survey mended has not been sieved yet."""
    mended = [file for file in files.files if file.path not in passed]
    passed = passed | sieve.start(mended, files.contents.scratch).result()
    return EntryFiles(files.contents, [part for file in files.files for part in passed[file.path]])


def places_of(scanned: Scanned) -> pd.DataFrame:
    """Every place that an entry came from, once: the columns of PLACE."""
    return scanned.logs[list(PLACE)].drop_duplicates(ignore_index=True)


def _nothing(*columns: str, dtype: str = "object") -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype=dtype) for column in columns})

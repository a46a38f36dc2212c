"""Filters as DuckDB SQL, over one column that holds whole log entries as JSON.

Speed comes from two things. Texts are folded by `lower` as long as they are ASCII; only others call `lql_fold`, a
Python function that `prepare` registers. And `compile_many` parses each entry once for all the paths of all filters.
"""

import ipaddress
from collections.abc import Mapping

import duckdb
from sqlglot import exp

from triage.lql import literals
from triage.lql.columns import Columns
from triage.lql.compile import compile_filter
from triage.lql.duckdb_engine import DuckDBEngine
from triage.model.filter import Filter


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Register the functions that compiled filters call, once per connection, and keep the engine quiet.

    `lql_fold(text)` for text beyond ASCII, `lql_in_net(text, net)` for ip_in_net. Without the setting, a query of more
    than two seconds would draw its progress into standard output, among the data.
    """
    connection.execute("SET enable_progress_bar = false")
    known = connection.execute(
        "SELECT count(*) FROM duckdb_functions() WHERE function_name IN ('lql_fold', 'lql_in_net')"
    ).fetchall()
    if known == [(0,)]:
        connection.create_function("lql_fold", literals.fold, ["VARCHAR"], "VARCHAR")
        connection.create_function("lql_in_net", _in_net, ["VARCHAR", "VARCHAR"], "BOOLEAN")


def _in_net(text: str, net: str) -> bool:
    try:
        subnet, inner = ipaddress.ip_network(net, strict=False), ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    if isinstance(subnet, ipaddress.IPv4Network):
        return isinstance(inner, ipaddress.IPv4Network) and inner.subnet_of(subnet)
    return isinstance(inner, ipaddress.IPv6Network) and inner.subnet_of(subnet)


def compile_duckdb(filter: Filter, *, entry: str = "entry") -> str:  # noqa: A002 - the language's own word
    """One filter as a boolean SQL expression, never NULL, over the JSON column `entry`.

    The connection that runs it must be `prepare`d. Raises FilterError as `check` does.
    """
    return str(compile_filter(filter, DuckDBEngine(entry)).sql("duckdb"))


def compile_many(filters: Mapping[str, Filter], *, relation: str, entry: str = "entry") -> str:
    """Many filters as one SELECT: the relation's columns, and for each filter a boolean column of its name.

    `relation` is a table's name or a subquery in parentheses; each entry is parsed once, each text folded once, however
    many filters look at it. The connection that runs it must be `prepare`d. Raises FilterError as `check` does.
    """
    columns = Columns(entry)
    engine = DuckDBEngine(entry, columns)
    wanted = [(name, compile_filter(each, engine)) for name, each in filters.items()]
    source = relation if relation.startswith("(") else exp.to_table(relation, dialect="duckdb").sql("duckdb")
    return columns.select(wanted, source)

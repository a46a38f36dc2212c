"""What several filters share when DuckDB runs them together, as columns that each entry computes once."""

from collections.abc import Sequence

from sqlglot import exp

from triage.lql.sql import Sql, call, cast, literal

_PREFIX = "_lql"


class Columns:
    """Expressions that several filters share, in layers: a layer sees the columns of those below."""

    def __init__(self, entry: str) -> None:
        self.entry = entry
        self.paths: dict[str, int] = {}
        self.layers: list[dict[str, tuple[str, Sql]]] = [{}, {}, {}, {}]

    def path(self, path: str) -> Sql:
        """A path of the entry, out of the one list of them all."""
        index = self.paths.setdefault(path, len(self.paths) + 1)
        listed = exp.Bracket(this=exp.column("_lql"), expressions=[exp.Literal.number(index)], offset=1)
        return self.share(1, path, listed)

    def share(self, layer: int, key: str, value: Sql) -> Sql:
        """A column for the expression, the same for the same key."""
        name, _ = self.layers[layer].setdefault(key, (f"_lql_{layer}_{len(self.layers[layer])}", value))
        return exp.column(name)

    def select(self, wanted: Sequence[tuple[str, Sql]], source: str) -> str:
        """The query: the columns of `source`, and the wanted expressions under their names."""
        query = source
        hidden: list[str] = []
        if self.paths:
            listed = exp.Array(expressions=[literal(path) for path in self.paths])
            extracted = call("json_extract", exp.column(self.entry, quoted=True), listed)
            query = _with_columns(query, [("_lql", cast(extracted, "VARCHAR[]"))])
            hidden.append("_lql")
        for layer in self.layers:
            if layer:
                query = _with_columns(query, list(layer.values()))
                hidden.extend(name for name, _ in layer.values())
        exclude = f" EXCLUDE ({', '.join(hidden)})" if hidden else ""
        return _selected(query, f"*{exclude}", wanted)


def _with_columns(query: str, columns: Sequence[tuple[str, Sql]]) -> str:
    return f"({_selected(query, '*', columns)})"


def _selected(query: str, star: str, columns: Sequence[tuple[str, Sql]]) -> str:
    shown = [star, *(exp.alias_(value, name, quoted=True).sql("duckdb") for name, value in columns)]
    return f"SELECT {', '.join(shown)} FROM {query}"  # noqa: S608 - every part comes from the SQL builder


def is_shared(value: Sql) -> bool:
    """Whether the expression is such a column."""
    return isinstance(value, exp.Column) and value.name.startswith(_PREFIX)

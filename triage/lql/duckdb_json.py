"""JSON text in DuckDB's SQL: a value's text at a path, the text of a string, a key in any letter case, folded text."""

from collections.abc import Sequence

from sqlglot import exp

from triage.lql.sql import Sql, begins, call, case, cast, literal


def json_path(keys: Sequence[str]) -> str:
    """DuckDB's JSON path to a chain of keys, each taken as it is."""
    return "$" + "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)


def extracted(json: Sql, path: str) -> Sql:
    """The JSON text at a path of a JSON text."""
    return cast(call("json_extract", json, literal(path)), "VARCHAR")


def text_of(json: Sql) -> Sql:
    """The text of a string, NULL of anything else."""
    is_string = begins(json, '"')
    return case([(is_string, call("json_extract_string", json, literal("$")))], exp.Null())


def member_any_case(json: Sql, key: str) -> Sql:
    """A key in any letter case: only such names are looked for as could be a protocol buffer's."""
    name = key.replace("_", "").lower()
    if not (name.isascii() and name.replace("@", "").isalnum()):
        return extracted(json, json_path([key]))
    wanted = exp.to_identifier("k")
    same = exp.EQ(this=call("lower", exp.column(wanted.copy())), expression=literal(name))
    keys = call("json_keys", json)
    found = call("list_filter", keys, exp.Lambda(this=same, expressions=[wanted]))
    first = exp.Bracket(this=found, expressions=[exp.Literal.number(1)], offset=1)
    path = exp.DPipe(this=exp.DPipe(this=literal('$."'), expression=first), expression=literal('"'))
    is_object = begins(json, "{")
    return case([(is_object, cast(call("json_extract", json, path), "VARCHAR"))], exp.Null())


def folded(text: Sql) -> Sql:
    """A text in the form in which texts are compared; `lql_fold` is our own function, for texts beyond ASCII."""
    is_ascii = exp.EQ(this=call("strlen", text), expression=call("length", text))
    return case([(is_ascii, call("lower", text))], call("lql_fold", text))

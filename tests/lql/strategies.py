"""Random filters and random entries that have a fair chance to meet: both draw on the same words."""

from typing import Any

from hypothesis import strategies as st

from triage.model.filter import And, Anywhere, Call, Filter, Node, Not, Or, Path, Restriction, Value

KEYS = [
    "a",
    "b",
    "A",
    "message",
    "foo.bar",
    'q"q',
    "back\\slash",
    "*",
    "0",
    "é",
    "k8s-pod/app",
    "new\nline",
    "$",
    "#-1",
]
WORDS = [
    "oom",
    "OOM kill",
    "kill",
    "straße",
    "STRASSE",
    "ﬁle",
    "file",
    "ＯＯＭ",
    "o\u00adom",
    'a"b',
    "x\\y",
    "line\nbreak",
    "tab\there",
    "503",
    "503.0",
    "-1",
    "1e2",
    "true",
    "TRUE",
    "null",
    "NULL_VALUE",
    "",
    " ",
    "*",
    "%",
    "_",
    "'",
    "e",
    "10.1.2.3",
    "2018-06-08T17:20:05Z",
    "n-a",
    "Kelvin K",
    "\u00e9",
    "e\u0301",
    "[x]",
    "{y}",
    "\x07",
    "日本語",
    ":",
    ",",
    "},",
]
PATTERNS = ["oom", "(?i)OOM", "^k", "kill$", "[0-9]+", "x|y", "(oom) kill", ".", "", r"\d\.\d", "line.break", r"a\"b"]
TIMES = ["2018-06-08T17:20:05.123456789Z", "2018-06-08T17:20:05Z", "2018-06-08", "2018-06-08T19:20:05+02:00", "soon"]

words = st.sampled_from(WORDS)
keys = st.sampled_from(KEYS)
scalars = st.one_of(
    words, words, st.integers(-2, 600), st.sampled_from([503, 503.5, 1e2, -0.0]), st.booleans(), st.none()
)
json_values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)
structs = st.dictionaries(keys, json_values, max_size=5)
labels = st.dictionaries(keys, words, max_size=3)


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


entries = st.builds(
    lambda base, payload: {**base, **payload},
    st.fixed_dictionaries(
        {"logName": st.sampled_from(["projects/p/logs/events", "projects/q/logs/a%2Fb", "projects/p/logs/oom"])},
        optional={
            "insertId": words,
            "timestamp": st.sampled_from(
                ["2018-06-08T17:20:05.123456789Z", "2018-06-08T17:20:05Z", "2019-01-01T00:00:00.5Z"]
            ),
            "severity": st.sampled_from(["DEBUG", "WARNING", "ERROR"]),
            "trace": words,
            "labels": labels,
            "resource": st.fixed_dictionaries({"type": words, "labels": labels}),
            "operation": _some(id=words, producer=words, first=st.just(True)),
            "httpRequest": _some(
                status=st.sampled_from([200, 503]), latency=st.sampled_from(["1.5s", "0.2s"]), requestMethod=words
            ),
        },
    ),
    st.one_of(
        _some(textPayload=words),
        st.fixed_dictionaries({"jsonPayload": structs}),
        st.fixed_dictionaries({"jsonPayload": structs}),
        st.fixed_dictionaries({"protoPayload": _some(methodName=words, serviceName=words, request=structs)}),
    ),
)

open_paths = st.one_of(
    st.lists(keys, max_size=3).map(lambda parts: ("jsonPayload", *parts)),
    keys.map(lambda key: ("labels", key)),
    keys.map(lambda key: ("resource", "labels", key)),
    st.sampled_from(
        [("labels",), ("protoPayload", "methodName"), ("protoPayload", "METHODNAME"), ("protoPayload", "request", "a")]
    ),
)
text_paths = st.sampled_from(
    [
        ("textPayload",),
        ("insertId",),
        ("trace",),
        ("resource", "type"),
        ("operation", "id"),
        ("httpRequest", "requestMethod"),
    ]
)
typed_paths = st.sampled_from(
    [("httpRequest", "status"), ("operation", "first"), ("httpRequest", "latency"), ("resource",), ("operation",)]
)
plain_values = words.map(Value)
special_values = st.sampled_from([Value("NULL_VALUE", "null"), Value("*", "any")])


def _logic(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Trees in the parser's own shape: no AND directly in an AND, no OR in an OR."""

    def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        def joined(kind: type[And] | type[Or]) -> st.SearchStrategy[Any]:
            terms = inner.filter(lambda node: not isinstance(node, kind))
            return st.lists(terms, min_size=2, max_size=3).map(lambda items: kind(tuple(items)))

        return st.one_of(joined(And), joined(Or), inner.map(Not))

    return st.recursive(leaves, grown, max_leaves=4)


def _restrictions(
    paths: st.SearchStrategy[Any], operators: str, values: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    return st.builds(Restriction, paths.map(Path), st.sampled_from(operators.split()), _logic(values))


patterns = st.sampled_from(PATTERNS).map(Value)
restrictions = st.one_of(
    _restrictions(open_paths | text_paths, "= != < <= > >= :", plain_values),
    _restrictions(open_paths, "= != :", plain_values),
    _restrictions(open_paths | text_paths, ":", plain_values | st.just(Value("*", "any"))),
    _restrictions(open_paths, "= !=", plain_values | st.just(Value("NULL_VALUE", "null"))),
    _restrictions(open_paths | text_paths, "=~ !~", patterns),
    _restrictions(
        typed_paths, "= != < >= :", st.sampled_from(["503", "1.5s", "200ms", "true", "False", "x"]).map(Value)
    ),
    _restrictions(
        st.just(("severity",)), "= != < >= :", st.sampled_from(["ERROR", "warning", "500", "DEFAULT"]).map(Value)
    ),
    _restrictions(st.just(("timestamp",)), "= != < >=", st.sampled_from(TIMES).map(Value)),
)
calls = st.one_of(
    st.sampled_from(["events", "a/b", "a%2Fb", "OOM"]).map(lambda name: Call("log_id", (Value(name),))),
    st.sampled_from(["oom", "oom kill", "`oom kill`", "KILL", "a b", "x"]).map(
        lambda query: Call("search", (Value(query),))
    ),
    st.builds(
        lambda path, query: Call("search", (Path(path), Value(query))),
        open_paths | text_paths,
        st.sampled_from(["oom", "kill"]),
    ),
    st.builds(
        lambda path, net: Call("ip_in_net", (Path(path), Value(net))),
        open_paths,
        st.sampled_from(["10.1.0.0/16", "10.9.0.0/16"]),
    ),
    st.builds(lambda path: Call("sample", (Path(path), Value("0.5"))), text_paths),
    st.just(Call("source", (Value("projects/p"),))),
)
derived = st.builds(
    lambda path, kind, operator, value: Restriction(Call("cast", (Path(path), Value(kind))), operator, Value(value)),
    text_paths,
    st.sampled_from(["STRING", "INT64", "FLOAT64", "BOOL"]),
    st.sampled_from(["=", "<", ">="]),
    words,
)
nodes: st.SearchStrategy[Node] = _logic(st.one_of(restrictions, restrictions, words.map(Anywhere), calls, derived))
filters: st.SearchStrategy[Filter] = nodes.map(Filter)

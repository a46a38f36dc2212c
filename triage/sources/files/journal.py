"""Texts of the journal that come as lists of their bytes.

`journalctl -o json` writes a field so that is no UTF-8 or holds control characters (a coloured line does), and agents
that read its output hand the list on. No filter finds a word in numbers, so the text takes the list's place as soon as
the entry is read. Logging itself does not do that: a live search for the words leaves such an entry out.
"""

_BYTES = r"\[\s*[0-9]{1,3}(?:\s*,\s*[0-9]{1,3})*\s*\]"


def spelled_sql(value: str, *path: str) -> str:
    """A JSON value with its MESSAGE as text, where that is a list of bytes; in SQL, as JSON.

    `value` is an SQL expression, `path` the keys of the object in it that holds MESSAGE. Bytes that are no UTF-8 are
    taken for Latin-1; a list of anything but bytes stays as it is.
    """
    # Two plain searches are the quickest way past all other entries; writers of JSON put one blank there, or none.
    may_be = " OR ".join(f"contains({value}::VARCHAR, '\"MESSAGE\":{blank}[')" for blank in ("", " "))
    listed = f"json_extract({value}, '$.{'.'.join((*path, 'MESSAGE'))}')"
    patch = f"json_object('MESSAGE', {_text_sql('bytes')})"
    for key in reversed(path):
        patch = f"json_object('{key}', {patch})"
    return f"""CASE WHEN {may_be} THEN coalesce(
        list_transform(
            list_filter(
                [CASE WHEN regexp_full_match({listed}::VARCHAR, '{_BYTES}') THEN TRY_CAST({listed} AS UTINYINT[]) END],
                lambda bytes: len(list_filter(bytes, lambda byte: byte IS NULL)) = 0
            ),
            lambda bytes: json_merge_patch({value}, {patch})
        )[1],
        {value}
    ) ELSE {value} END"""


def _text_sql(numbers: str) -> str:
    """The text that a list of bytes is."""
    as_hex = f"array_to_string(list_transform({numbers}, lambda byte: printf('%02x', byte)), '')"
    as_latin = f"array_to_string(list_transform({numbers}, lambda byte: chr(byte::INT)), '')"
    return f"coalesce(TRY(decode(from_hex({as_hex}))), {as_latin})"

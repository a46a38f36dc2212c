"""What the SQL of every look shares: texts, and times as entries write them."""

_OFFSET = r"'([+-])(\d\d):?(\d\d)$'"


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''").replace("\x00", "") + "'"


def ns_sql(column: str) -> str:
    """A text column's RFC 3339 time as nanoseconds since the epoch; NULL where it is none."""
    # DuckDB drops the offset of a text that it casts; nearly all times are in UTC, so the others may cost more.
    sign, hours, minutes = (f"regexp_extract({column}, {_OFFSET}, {group})" for group in (1, 2, 3))
    seconds = f"({hours}::BIGINT * 3600 + {minutes}::BIGINT * 60) * CASE {sign} WHEN '-' THEN -1 ELSE 1 END"
    local = f"epoch_ns(TRY_CAST(regexp_replace({column}, {_OFFSET}, '') AS TIMESTAMP_NS))"
    # `infinity` and the like are times to DuckDB, too
    return f"""CASE
        WHEN {column} NOT BETWEEN '0' AND ':' THEN NULL
        WHEN ends_with({column}, 'Z') OR NOT regexp_matches({column}, {_OFFSET}) THEN
            epoch_ns(TRY_CAST({column} AS TIMESTAMP_NS))
        ELSE {local} - ({seconds}) * 1000000000
    END"""

"""`triage read` from the outside."""

import duckdb

from triage.lql import prepare


def test_long_queries_draw_no_progress_among_the_data() -> None:
    with duckdb.connect() as connection:
        prepare(connection)
        assert connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]

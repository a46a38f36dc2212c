"""The Logging query language: one parser, one tree, three engines (Logging API, DuckDB, BigQuery).

parse(text) ── Filter ──► to_text(filter)           the normal spelling, for the Logging API
                    ├──► check(filter)              fields exist, literals fit
                    ├──► fold(filters)              few requests out of many filters
                    ├──► necessary(filter)          a cheap condition on the raw text, for a prefilter
                    ├──► compile_duckdb(filter)     SQL over one JSON column; `prepare(connection)` first
                    ├──► compile_bigquery(filter)   SQL over `_AllLogs`
                    └──► match_entries(entries, filter)
"""

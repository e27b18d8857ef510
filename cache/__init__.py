"""The store: DuckDB snapshots, their schema and every SQL statement."""

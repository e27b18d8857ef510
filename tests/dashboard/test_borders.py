"""What crosses the borders between the packages has one shape, and loads no more than it must."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import pytest

from cache import schema
from engine import heads
from engine.cohort import Study


def test_the_store_keeps_every_field_of_a_study() -> None:
    assert {field.name for field in fields(Study)} <= set(schema.STUDIES.names)


def test_the_store_keeps_every_column_of_a_prediction() -> None:
    assert heads.PREDICTIONS.names[1:] == schema.PREDICTIONS.names[2:]


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("dashboard.cli", {"torch", "streamlit", "umap", "plotly", "pandas"}),
        ("dashboard.service", {"torch", "streamlit", "umap", "plotly", "typer"}),
        ("dashboard.jobs", {"torch", "streamlit", "duckdb"}),
        ("dashboard.placing", {"torch", "umap"}),
    ],
)
def test_a_module_loads_no_more_than_it_must(module: str, unwanted: set[str]) -> None:
    code = f"import sys, {module}; print(*(set(sys.modules) & {unwanted!r}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []

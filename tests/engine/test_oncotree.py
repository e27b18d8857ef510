from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.build_oncotree import build
from engine.oncotree import FORMER_CODES, ONCOTREE_SCHEMA, tumor_type, tumor_type_named


@pytest.mark.parametrize(
    ("code", "main_type"),
    [("LUAD", "Non-Small Cell Lung Cancer"), ("luad", "Non-Small Cell Lung Cancer"),
     (" MEL ", "Melanoma"), ("CRC", "Colorectal Cancer"), ("THCA", "Thyroid Cancer")],
)  # fmt: skip
def test_a_code_has_a_main_type(code: str, main_type: str) -> None:
    node = tumor_type(code)
    assert node is not None
    assert node.main_type == main_type


def test_a_name_has_a_code() -> None:
    node = tumor_type_named("lung adenocarcinoma")
    assert node is not None
    assert (node.code, node.tissue) == ("LUAD", "Lung")


def test_unknown_codes_and_names() -> None:
    assert tumor_type("XYZ") is None
    assert tumor_type("") is None
    assert tumor_type_named("No such tumor") is None


def test_former_codes_stand_for_nodes_of_the_tree() -> None:
    assert all(tumor_type(code) is not None for code in FORMER_CODES.values())


def test_the_table_is_rebuilt_from_its_source(tmp_path: Path) -> None:
    (tmp_path / "gene_sets").mkdir()
    source = tmp_path / "gene_sets" / "oncotree.tsv"
    source.write_text("code\tmain_type\tname\ttissue\nB\tm2\tn 2\tt\nA\tm1\tn, 1\tt\n")
    assert build(tmp_path, tmp_path / "out.parquet") == 2
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.equals(ONCOTREE_SCHEMA)
    assert table["code"].to_pylist() == ["A", "B"]
    assert table["name"].to_pylist() == ["n, 1", "n 2"]

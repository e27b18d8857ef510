from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cache.errors import StudyNotFoundError
from dashboard.errors import ExportError
from dashboard.service import Service

NAMES = ["samples", "alterations", "embeddings", "coordinates", "predictions"]


def test_an_export_has_five_files_that_say_what_they_are(
    with_study: Service, tmp_path: Path
) -> None:
    with_study.embed()
    files = with_study.export("first", tmp_path / "out")
    assert [file.name for file in files] == [f"{name}.parquet" for name in NAMES]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(f.name for f in files)
    for file in files:
        facts = json.loads(pq.read_schema(file).metadata[b"tumorxy"])
        assert facts["study"] == "first"
        assert facts["synthetic"] is True
        assert facts["model_digest"] == with_study.encoder.digest
        assert facts["notice"] == "Research use only"


def test_the_vectors_have_a_fixed_width(with_study: Service, tmp_path: Path) -> None:
    with_study.embed()
    with_study.export("first", tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "embeddings.parquet")
    assert table.num_rows == 60
    assert table.schema.field("vector").type == pa.list_(pa.float32(), 16)


def test_what_is_not_computed_is_an_empty_file_with_its_columns(
    with_study: Service, tmp_path: Path
) -> None:
    with_study.export("first", tmp_path / "out")
    tables = {name: pq.read_table(tmp_path / "out" / f"{name}.parquet") for name in NAMES}
    assert [tables[name].num_rows for name in NAMES[2:]] == [0, 0, 0]
    assert tables["embeddings"].schema.field("vector").type == pa.list_(pa.float32(), 16)
    assert tables["coordinates"].column_names == ["sample_id", "x", "y", "layout"]
    assert tables["predictions"].column_names == [
        *("sample_id", "task", "class", "probability", "lower", "upper", "flag")
    ]


def test_an_earlier_export_is_replaced_and_other_files_stay(
    with_study: Service, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("x")
    (out / "samples.parquet").write_text("old")
    with_study.export("first", out)
    assert pq.read_table(out / "samples.parquet").num_rows == 60
    assert (out / "mine.txt").read_text() == "x"


def test_an_unknown_study_is_refused_and_nothing_is_written(
    with_study: Service, tmp_path: Path
) -> None:
    with pytest.raises(StudyNotFoundError, match="absent"):
        with_study.export("absent", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(with_study: Service, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(ExportError, match="out is a file; expected a folder"):
        with_study.export("first", tmp_path / "out")

"""A study as Parquet files that say what they are."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from cache.reader import Reader
from cache.store import Store
from dashboard.documents import to_json
from dashboard.errors import ExportError
from dashboard.published_map import newest_layout
from dashboard.stored import choose_studies

if TYPE_CHECKING:
    from engine.embed import Encoder

NOTICE = "Research use only"

COORDINATES = pa.schema(
    [("sample_id", pa.string()), ("x", pa.float32()), ("y", pa.float32()), ("layout", pa.string())]
)


def export_study(store: Store, encoder: Encoder, study_id: str, out_dir: Path) -> list[Path]:
    """Write a study with everything derived from it by the installed model.

    The files are written beside the folder and moved into it at the end, so none is ever half
    there.

    Args:
        store: The store; something must be published.
        encoder: The installed encoder; what another model computed is left out.
        study_id: The study.
        out_dir: Folder to write into.

    Returns:
        The files.

    Raises:
        StudyNotFoundError: If the study is not in the store.
        ExportError: If the folder cannot be written.
    """
    with store.read() as reader:
        tables = _tables(reader, encoder, study_id)
    if out_dir.exists() and not out_dir.is_dir():
        raise ExportError(f"{out_dir.name} is a file; expected a folder. Name another --out.")
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=out_dir) as part:
            for name, table in tables.items():
                pq.write_table(table, Path(part) / f"{name}.parquet", compression="zstd")
            return [_move(Path(part), out_dir, f"{name}.parquet") for name in tables]
    except PermissionError as error:
        raise ExportError(
            f"{out_dir.name} cannot be written: this user has no right to. Name another --out."
        ) from error


def _move(part: Path, out_dir: Path, name: str) -> Path:
    return (part / name).replace(out_dir / name)


def _tables(reader: Reader, encoder: Encoder, study_id: str) -> dict[str, pa.Table]:
    [study] = choose_studies(reader, [study_id])
    newest = newest_layout(reader)
    layout = newest if newest and newest["model_digest"] == encoder.digest else None
    predictions = reader.predictions(encoder.digest, [study_id])
    tables = {
        "samples": reader.samples([study_id]).drop_columns("study_id"),
        "alterations": reader.alterations([study_id]).drop_columns("study_id"),
        "embeddings": _embeddings(reader, encoder, study_id),
        "coordinates": _coordinates(reader, layout, study_id),
        "predictions": predictions.drop_columns("study_id"),
    }
    facts = _facts(study, layout, encoder.digest)
    return {name: _label(table, facts) for name, table in tables.items()}


def _facts(
    study: dict[str, Any], layout: dict[str, Any] | None, model_digest: str
) -> dict[str, Any]:
    return {
        "study": study["study_id"],
        "synthetic": study["synthetic"],
        "genome": study["genome"],
        "source_digest": study["source_digest"],
        "model_digest": model_digest,
        "layout": layout["name"] if layout else None,
        "layout_id": layout["layout_id"] if layout else None,
        "notice": NOTICE,
    }


def _embeddings(reader: Reader, encoder: Encoder, study_id: str) -> pa.Table:
    found = reader.embeddings(encoder.digest, [study_id]).select(["sample_id", "vector"])
    if found.num_rows:
        return found
    vector = ("vector", pa.list_(pa.float32(), encoder.width))
    return pa.schema([("sample_id", pa.string()), vector]).empty_table()


def _coordinates(reader: Reader, layout: dict[str, Any] | None, study_id: str) -> pa.Table:
    if layout is None:
        return COORDINATES.empty_table()
    found = reader.coordinates(layout["layout_id"], [study_id]).select(["sample_id", "x", "y"])
    names = pa.array([layout["name"]] * found.num_rows, pa.string())
    return found.append_column("layout", names)


def _label(table: pa.Table, facts: dict[str, Any]) -> pa.Table:
    return table.replace_schema_metadata({"tumorxy": to_json(facts)})

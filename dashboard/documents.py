"""Outcomes as JSON: one document per command, and whole files or none."""

from __future__ import annotations

import json
import math
import os
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pyarrow as pa


def plain(value: Any) -> Any:
    """Turn an outcome into what JSON can hold.

    Args:
        value: A dataclass, a table, or any nesting of both with plain values.

    Returns:
        Dictionaries, lists, text, numbers, booleans and None. A number that is not finite becomes
        None, since JSON has none; a table becomes a list of its rows.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, pa.Table):
        return plain(value.to_pylist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    return value


def to_json(value: Any) -> str:
    """Write an outcome as one JSON document, indented, ending without a line break."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=2)


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file as a whole; a reader sees the old one or the new one.

    Args:
        path: File to write, readable by its owner only.
        value: What `plain` understands.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.touch(mode=0o600)
    part.write_text(to_json(value), encoding="utf-8")
    part.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None when there is no file or it holds no whole object."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return document if isinstance(document, dict) else None

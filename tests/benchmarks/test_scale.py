from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import scale
from tests.benchmarks.token_files import write_tokens
from tests.engine.test_embed import encoder, folder, tokens  # noqa: F401 - fixtures


def test_drawn_tumors_are_embedded_and_counted(
    tokens: scale.TumorTokens,  # noqa: F811
    folder: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    file = tmp_path / "tokens.npz"
    write_tokens(tokens, file)
    found = scale.embed_one(file, str(folder), 150)
    assert found["num_tokens"] == pytest.approx(150 * tokens.lengths.mean(), rel=0.5)
    assert 0 < found["peak_gib"] < 8
    assert min(found["elapsed_s"], found["cpu_s"]) > 0


def test_the_table_tells_whether_time_is_linear() -> None:
    run = {"elapsed_s": 9.0, "num_tokens": 50.0, "peak_gib": 1.0}
    rows = scale.table({10: run | {"cpu_s": 1.0}, 20: run | {"cpu_s": 3.0}})
    assert [row.median for row in rows] == [9.0, 9.0, np.float64(1.5)]
    assert "1.0 s of CPU time, 5.0 tokens each" in rows[0].note

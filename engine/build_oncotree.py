"""Rebuild the table of OncoTree codes: `python -m engine.build_oncotree DATA_ROOT`.

Source: `gene_sets/oncotree.tsv`, copied there from vanallenlab/moalmanac (OncoTree of MSK).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq

from engine.oncotree import ONCOTREE, ONCOTREE_SCHEMA


def build(data_root: Path, out: Path = ONCOTREE) -> int:
    """Write the table.

    Args:
        data_root: Folder with `gene_sets/oncotree.tsv`.
        out: Parquet file to write.

    Returns:
        Number of codes.
    """
    table = pyarrow.csv.read_csv(
        data_root / "gene_sets" / "oncotree.tsv",
        parse_options=pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=ONCOTREE_SCHEMA, strings_can_be_null=False
        ),
    )
    table = table.select(ONCOTREE_SCHEMA.names).cast(ONCOTREE_SCHEMA).sort_by("code")
    pq.write_table(table, out, compression="zstd")
    return int(table.num_rows)


if __name__ == "__main__":
    print(f"{build(Path(sys.argv[1])):,} codes -> {ONCOTREE.name}")

"""What a caller states about an input, and how large an input may be."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

GENOMES = {
    "GRCH37": "GRCh37",
    "HG19": "GRCh37",
    "37": "GRCh37",
    "B37": "GRCh37",
    "GRCH38": "GRCh38",
    "HG38": "GRCh38",
    "38": "GRCh38",
}
"""How files and people name a genome build, upper case, to the name used here."""

STUDY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,127}")
"""Letters, digits, `_`, `.` and `-`; it becomes a folder name in an export."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How large one file may be before it is refused.

    Attributes:
        max_expansion: Bytes after decompression per compressed byte.
        max_bytes: Bytes after decompression.
        max_rows: Lines.
        max_columns: Columns of a table.
        max_matrix_columns: Columns of a copy-number matrix, which has one per sample.
        max_broken_share: Share of rows with a wrong number of columns before the file is refused.
        max_memory_bytes: Memory of the child process that reads an input, in all.
        max_cpu_s: Processor time of that child, seconds.
        max_wall_s: Time that child may take, seconds.
    """

    max_expansion: int = 100
    max_bytes: int = 1 << 30
    max_rows: int = 5_000_000
    max_columns: int = 10_000
    max_matrix_columns: int = 100_000
    max_broken_share: float = 0.1
    max_memory_bytes: int = 6 << 30
    max_cpu_s: float = 900
    max_wall_s: float = 1200

    def __post_init__(self) -> None:
        """Refuse limits that let nothing through."""
        if min(self.max_expansion, self.max_bytes, self.max_rows, self.max_columns) < 1:
            raise ValueError(f"Every limit must be at least 1, found {self}.")


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the caller states about the input; None leaves it to the file.

    Attributes:
        study_id: Name of the study in the store.
        genome: GRCh37 or GRCh38 (hg19 and hg38 are understood).
        panel: Panel of a bare MAF, VCF or table, or of a study that states none: a public
            panel's name, or `exome`.
        cancer_type: Cancer type of a bare MAF, VCF or table.
        limits: How large a file may be.
    """

    study_id: str | None = None
    genome: str | None = None
    panel: str | None = None
    cancer_type: str | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Check the study id and bring the genome to its usual name."""
        if self.study_id is not None and not STUDY_ID.fullmatch(self.study_id):
            raise ValueError(
                f"The study id {self.study_id!r} is not usable; expected up to 128 letters, "
                "digits, '_', '.' or '-', beginning with a letter or digit. Choose another id."
            )
        if self.genome is not None:
            object.__setattr__(self, "genome", genome_name(self.genome))


def genome_name(stated: str) -> str:
    """Bring the name of a genome build to GRCh37 or GRCh38.

    Args:
        stated: For example `hg19`, `GRCh37`, `37` or `GRCh38`.

    Returns:
        `GRCh37` or `GRCh38`.

    Raises:
        ValueError: If it names neither.
    """
    name = stated.strip().upper()
    # NCBI patch releases (GRCh38.p14) share their coordinates.
    known = GENOMES.get(name) or GENOMES.get(name.partition(".")[0])
    if known is None:
        raise ValueError(
            f"The genome build {stated!r} is not known; expected GRCh37 (hg19) or GRCh38 (hg38). "
            "State one of these."
        )
    return known

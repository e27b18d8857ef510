"""Tell the genome build of calls by where their genes lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import ImportRefusedError
from engine.readers.context import ReadContext
from engine.readers.rows import AlterationRows

GENOMES = {"GRCh37": "37", "GRCh38": "38"}
FEWEST_CALLS = 5
"""With fewer calls, all of them outside their genes may be an accident."""
MOST_CALLS = 100_000
MARGIN_BASES = 10_000
"""A promoter call belongs to the gene next to it."""
SHARE_INSIDE, SHARE_OUTSIDE = 0.9, 0.5


def settle_genome(rows: AlterationRows, context: ReadContext) -> None:
    """Check the genome build against the positions, or take it from them where none is stated.

    Args:
        rows: Rows with genes and positions.
        context: Its genome is set if the positions fit one build only.

    Raises:
        ImportRefusedError: If nine of ten positions fit the other build and not half of them
            the stated one.
    """
    usable = _usable(rows)
    if len(usable) < FEWEST_CALLS:
        return
    shares = {genome: float(_inside(rows, usable, genome, context).mean()) for genome in GENOMES}
    fitting = [
        genome
        for genome, other in (("GRCh37", "GRCh38"), ("GRCh38", "GRCh37"))
        if shares[genome] >= SHARE_INSIDE and shares[other] < SHARE_OUTSIDE
    ]
    if not fitting or fitting[0] == context.genome:
        return
    if context.genome is None:
        context.genome = fitting[0]
        context.note(
            f"No file states the genome build; it is {fitting[0]} by the positions of "
            f"{len(usable):,} calls in their genes."
        )
        return
    raise ImportRefusedError(
        f"{context.genome} is stated, but {shares[fitting[0]]:.0%} of the positions lie in their "
        f"genes in {fitting[0]} and {shares[context.genome]:.0%} in {context.genome}",
        advice=f"State {fitting[0]}, or lift the positions over",
        file=rows.account.file,
        rule="genome-positions",
        line=int(rows.account.line_numbers[usable[0]]),
    )


def _usable(rows: AlterationRows) -> npt.NDArray[np.int64]:
    """Return rows with a gene and a position, at most `MOST_CALLS` of them."""
    placed = pc.and_(
        pc.is_valid(rows.fields["start_position"]), pc.is_valid(rows.fields["chromosome"])
    )
    there = rows.account.keep & (rows.gene_codes >= 0) & placed.to_numpy(zero_copy_only=False)
    return np.flatnonzero(there)[:MOST_CALLS]


def _inside(
    rows: AlterationRows, usable: npt.NDArray[np.int64], genome: str, context: ReadContext
) -> npt.NDArray[np.bool_]:
    """Tell which calls lie in or next to their gene in a build."""
    frame, build = context.genes.frame, GENOMES[genome]
    codes = rows.gene_codes[usable]
    starts = frame[f"start_{build}"].to_numpy(dtype=np.float64, na_value=np.nan)[codes]
    ends = frame[f"end_{build}"].to_numpy(dtype=np.float64, na_value=np.nan)[codes]
    chromosomes = frame["chromosome"].to_numpy(dtype=object)[codes]
    positions = rows.fields["start_position"].take(pa.array(usable)).to_numpy()
    written = rows.fields["chromosome"].take(pa.array(usable)).to_numpy(zero_copy_only=False)
    near = (positions >= starts - MARGIN_BASES) & (positions <= ends + MARGIN_BASES)
    return np.asarray(near & (chromosomes == written), dtype=np.bool_)

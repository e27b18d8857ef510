from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from tests.engine.readers.inputs import maf, read_text

MOVED = ("KRAS", "TP53", "EGFR", "BRAF", "PIK3CA", "NRAS")


def calls(genome: str, stated: str, num_genes: int = len(MOVED)) -> str:
    """Return a MAF with a call in the middle of each gene, by its place in a genome build."""
    frame = GeneTable.load().frame
    columns = [f"start_{genome[-2:]}", f"end_{genome[-2:]}"]
    places = {gene: int(frame.loc[gene, columns].mean()) for gene in MOVED[:num_genes]}
    return maf(
        *(
            {"Hugo_Symbol": gene, "Entrez_Gene_Id": "", "NCBI_Build": stated,
             "Chromosome": str(frame.loc[gene, "chromosome"]), "Start_Position": str(place)}
            for gene, place in places.items()
        )
    )  # fmt: skip


@pytest.mark.parametrize("genome", ["GRCh37", "GRCh38"])
def test_a_build_that_nobody_states_is_told_by_the_positions(tmp_path: Path, genome: str) -> None:
    cohort = read_text(tmp_path, calls(genome, ""))
    assert cohort.study.genome == genome
    assert any(f"it is {genome} by the positions of 6 calls" in note for note in cohort.notes)


@pytest.mark.parametrize("genome", ["GRCh37", "GRCh38"])
def test_a_build_that_fits_is_no_matter(tmp_path: Path, genome: str) -> None:
    cohort = read_text(tmp_path, calls(genome, genome))
    assert cohort.study.genome == genome
    assert not any("genome" in note for note in cohort.notes)


def test_a_stated_build_that_the_positions_contradict_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="100% of the positions lie in") as caught:
        read_text(tmp_path, calls("GRCh38", "GRCh37"))
    assert caught.value.rule == "genome-positions"
    assert "GRCh38" in caught.value.advice


def test_a_few_calls_prove_nothing(tmp_path: Path) -> None:
    assert read_text(tmp_path, calls("GRCh38", "GRCh37", 4)).study.genome == "GRCh37"

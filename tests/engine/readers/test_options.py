from __future__ import annotations

import pytest

from engine.readers.options import Limits, ReadOptions, genome_name


@pytest.mark.parametrize(
    ("written", "genome"),
    [("hg19", "GRCh37"), ("GRCh37", "GRCh37"), ("37", "GRCh37"), ("b37", "GRCh37"),
     ("hg38", "GRCh38"), ("grch38", "GRCh38"), ("GRCh38.p14", "GRCh38"), (" 38 ", "GRCh38")],
)  # fmt: skip
def test_names_of_genome_builds(written: str, genome: str) -> None:
    assert genome_name(written) == genome


@pytest.mark.parametrize("written", ["mm10", "hg18", "36", "", "GRCh39"])
def test_other_builds_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected GRCh37"):
        genome_name(written)


def test_options_bring_the_genome_to_its_name() -> None:
    assert ReadOptions(genome="hg38").genome == "GRCh38"


@pytest.mark.parametrize("study_id", ["", "a b", "../x", "-x", "x/y", "é", "a" * 129])
def test_study_ids_that_are_refused(study_id: str) -> None:
    with pytest.raises(ValueError, match="Choose another id"):
        ReadOptions(study_id=study_id)


def test_limits_that_let_nothing_through_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Limits(max_rows=0)

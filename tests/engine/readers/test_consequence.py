from __future__ import annotations

import pyarrow as pa
import pytest

from engine.kinds import KIND_OF_CLASSIFICATION, Kind
from engine.readers.consequence import (
    kind_of_classification,
    kind_of_consequence,
    kind_of_protein_change,
    protein_position,
    short_protein_change,
)


@pytest.mark.parametrize("term", [term for term in KIND_OF_CLASSIFICATION if term])
def test_maf_terms_in_any_spelling(term: str) -> None:
    expected = KIND_OF_CLASSIFICATION[term]
    for written in (term, term.upper(), term.lower().replace("_", "-"), term.replace("_", " ")):
        assert kind_of_classification(written) is expected


@pytest.mark.parametrize(
    ("terms", "kind"),
    [
        ("missense_variant", Kind.MISSENSE),
        ("missense_variant&splice_region_variant", Kind.MISSENSE),
        ("intron_variant,splice_donor_variant", Kind.SPLICE),
        ("stop_gained;missense_variant", Kind.TRUNCATING),
        ("upstream_gene_variant", Kind.PROMOTER),
        ("synonymous_variant", Kind.SILENT),
        ("made_up_variant&intron_variant", Kind.NONCODING),
        ("made_up_variant", None),
        ("", None),
    ],
)
def test_the_most_severe_term_counts(terms: str, kind: Kind | None) -> None:
    assert kind_of_consequence(terms) is kind


def test_a_classification_may_be_a_sequence_ontology_term() -> None:
    assert kind_of_classification("frameshift_variant") is Kind.TRUNCATING
    assert kind_of_classification("Mis-spelled_Mutation") is None


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("p.G12C", Kind.MISSENSE),
        ("p.R342*", Kind.TRUNCATING),
        ("p.V450Sfs*13", Kind.TRUNCATING),
        ("p.*394Lext*9", Kind.TRUNCATING),
        ("p.M1?", Kind.TRUNCATING),
        ("p.M1V", Kind.TRUNCATING),
        ("p.M12V", Kind.MISSENSE),
        ("p.X1010_splice", Kind.SPLICE),
        ("p.K803del", Kind.IN_FRAME),
        ("p.G776delinsVC", Kind.IN_FRAME),
        ("p.E746_A750dup", Kind.IN_FRAME),
        ("p.P53=", Kind.SILENT),
        ("p.P53P", Kind.SILENT),
        ("p.*394=", Kind.SILENT),
        ("", Kind.UNKNOWN),
        ("p.?", Kind.UNKNOWN),
    ],
)
def test_kind_by_protein_change(change: str, kind: Kind) -> None:
    assert kind_of_protein_change(change) is kind


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("p.G12C", "p.G12C"),
        ("G12C", "p.G12C"),
        ("p.Gly12Cys", "p.G12C"),
        ("ENSP00000256078.4:p.Gly12Cys", "p.G12C"),
        ("p.(Gly12Cys)", "p.G12C"),
        ("p.Arg342Ter", "p.R342*"),
        ("p.Val450SerfsTer13", "p.V450Sfs*13"),
        ("p.Pro53%3D", "p.P53="),
        ("", None),
        (".", None),
        ("NA", None),
    ],
)
def test_protein_changes_in_short_form(written: str, short: str | None) -> None:
    assert short_protein_change(written) == short


def test_the_first_residue_is_read() -> None:
    changes = pa.array(["p.G12C", "p.X1010_splice", "p.*394Lext*9", "p.E746_A750del", "p.?", None])
    assert protein_position(changes).to_pylist() == [12, 1010, 394, 746, None, None]

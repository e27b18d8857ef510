from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.readers.inputs import finding, findings
from tests.engine.readers.vcfs import ANN_META, CSQ_META, META, ann, csq, read_vcf_text, rows, vcf

RESULT = ("hugo_symbol", "kind", "protein_change", "variant_classification")


def annotated(folder: Path, *entries: str, **change: str) -> list[tuple[object, ...]]:
    """Read one line annotated by VEP."""
    text = vcf({"INFO": "CSQ=" + ",".join(entries), **change}, meta=(*META, CSQ_META))
    return rows(read_vcf_text(folder, text), *RESULT)


@pytest.mark.parametrize(
    ("terms", "kind", "classification"),
    [
        ("missense_variant", "missense", "Missense_Mutation"),
        ("missense_variant&splice_region_variant", "missense", "Missense_Mutation"),
        ("stop_gained", "truncating", "Nonsense_Mutation"),
        ("stop_gained&frameshift_variant", "truncating", "Nonsense_Mutation"),
        ("stop_lost", "truncating", "Nonstop_Mutation"),
        ("start_lost", "truncating", "Translation_Start_Site"),
        ("splice_donor_variant&intron_variant", "splice", "Splice_Site"),
        ("splice_acceptor_variant", "splice", "Splice_Site"),
        ("splice_region_variant&synonymous_variant", "noncoding", "Splice_Region"),
        ("synonymous_variant", "silent", "Silent"),
        ("intron_variant", "noncoding", "Intron"),
        ("3_prime_UTR_variant", "noncoding", "3'UTR"),
        ("5_prime_UTR_variant", "noncoding", "5'UTR"),
        ("downstream_gene_variant", "noncoding", "3'Flank"),
        ("upstream_gene_variant", "promoter", "5'Flank"),
        ("non_coding_transcript_exon_variant", "noncoding", "RNA"),
        ("coding_sequence_variant", "unknown consequence", "Unknown"),
    ],
)
def test_consequences_become_kinds(
    tmp_path: Path, terms: str, kind: str, classification: str
) -> None:
    found = annotated(tmp_path, csq(Consequence=terms))
    assert found == [("KRAS", kind, None, classification)]


@pytest.mark.parametrize(
    ("alleles", "terms", "kind", "classification"),
    [
        ({"REF": "CA", "ALT": "C"}, "frameshift_variant", "truncating", "Frame_Shift_Del"),
        ({"REF": "C", "ALT": "CA"}, "frameshift_variant", "truncating", "Frame_Shift_Ins"),
        ({"REF": "CAAA", "ALT": "C"}, "inframe_deletion", "in-frame", "In_Frame_Del"),
        ({"REF": "C", "ALT": "CAAA"}, "inframe_insertion", "in-frame", "In_Frame_Ins"),
    ],
)
def test_the_length_of_an_indel_names_its_class(
    tmp_path: Path, alleles: dict[str, str], terms: str, kind: str, classification: str
) -> None:
    found = annotated(tmp_path, csq(Consequence=terms), **alleles)
    assert found == [("KRAS", kind, None, classification)]


@pytest.mark.parametrize(
    ("change", "short"),
    [
        ("ENSP00000256078.4:p.Gly12Cys", "p.G12C"),
        ("ENSP1:p.Arg342Ter", "p.R342*"),
        ("ENSP1:p.Val450SerfsTer13", "p.V450Sfs*13"),
        ("ENSP1:p.Pro53%3D", "p.P53="),
    ],
)
def test_protein_changes_are_shortened(tmp_path: Path, change: str, short: str) -> None:
    found = annotated(tmp_path, csq(Consequence="missense_variant", HGVSp=change))
    assert found == [("KRAS", "missense", short, "Missense_Mutation")]


def test_without_hgvs_the_protein_change_is_made_of_residues(tmp_path: Path) -> None:
    entry = csq(Consequence="missense_variant", Protein_position="12/189", Amino_acids="G/C")
    assert annotated(tmp_path, entry) == [("KRAS", "missense", "p.G12C", "Missense_Mutation")]


def test_without_a_position_the_residue_is_read_from_the_protein_change(tmp_path: Path) -> None:
    entry = csq(Consequence="missense_variant", HGVSp="ENSP1:p.Gly12Cys", Protein_position="")
    text = vcf({"INFO": f"CSQ={entry}"}, meta=(*META, CSQ_META))
    found = rows(read_vcf_text(tmp_path, text), "protein_change", "protein_position")
    assert found == [("p.G12C", 12)]


def test_the_main_transcript_decides_before_severity(tmp_path: Path) -> None:
    found = annotated(
        tmp_path,
        csq(Consequence="stop_gained", CANONICAL=""),
        csq(Consequence="intron_variant", CANONICAL="YES"),
        csq(Consequence="missense_variant", CANONICAL="YES", MANE_SELECT="NM_004985.5"),
    )
    assert found == [("KRAS", "missense", None, "Missense_Mutation")]


def test_the_most_severe_gene_decides_among_main_transcripts(tmp_path: Path) -> None:
    found = annotated(
        tmp_path,
        csq(Consequence="downstream_gene_variant", SYMBOL="LMNTD1", CANONICAL="YES"),
        csq(Consequence="missense_variant", CANONICAL="YES"),
    )
    assert found == [("KRAS", "missense", None, "Missense_Mutation")]


def test_lying_in_a_gene_goes_before_lying_upstream_of_another(tmp_path: Path) -> None:
    found = annotated(
        tmp_path,
        csq(Consequence="upstream_gene_variant", SYMBOL="LMNTD1", CANONICAL="YES"),
        csq(Consequence="intron_variant", CANONICAL="YES"),
    )
    assert found == [("KRAS", "noncoding", None, "Intron")]


def test_far_upstream_is_no_promoter(tmp_path: Path) -> None:
    near = csq(Consequence="upstream_gene_variant", SYMBOL="TERT", DISTANCE="66")
    far = csq(Consequence="upstream_gene_variant", SYMBOL="TERT", DISTANCE="4000")
    assert annotated(tmp_path, near) == [("TERT", "promoter", None, "5'Flank")]
    assert annotated(tmp_path, far) == [("TERT", "noncoding", None, "5'Flank")]


def test_each_allele_has_its_own_consequence(tmp_path: Path) -> None:
    found = annotated(
        tmp_path,
        csq(Allele="T", Consequence="missense_variant"),
        csq(Allele="G", Consequence="stop_gained"),
        ALT="G,T", NORMAL="0/0:9,0,0:9", TUMOR="1/2:0,5,4:9",
    )  # fmt: skip
    assert [row[1] for row in found] == ["truncating", "missense"]


def test_vep_writes_alleles_without_the_shared_base(tmp_path: Path) -> None:
    found = annotated(
        tmp_path,
        csq(Allele="A", Consequence="frameshift_variant"),
        csq(Allele="AA", Consequence="stop_gained"),
        csq(Allele="AAAA", Consequence="inframe_insertion"),
        REF="A", ALT="AA,AAA", NORMAL="0/0:9,0,0:9", TUMOR="1/2:0,5,4:9",
    )  # fmt: skip
    assert [row[3] for row in found] == ["Frame_Shift_Ins", "Nonsense_Mutation"]


def test_an_allele_that_nobody_annotated_is_placed_by_position(tmp_path: Path) -> None:
    entry = csq(Allele="T", Consequence="missense_variant")
    line = {"ALT": "T,G", "NORMAL": "0/0:9,0,0:9", "TUMOR": "0/2:5,0,4:9", "INFO": f"CSQ={entry}"}
    cohort = read_vcf_text(tmp_path, vcf(line, {}, meta=(*META, CSQ_META)))
    assert [row[1] for row in rows(cohort, *RESULT)] == ["unknown consequence"] * 2
    assert findings(cohort, "warning") == {"no-annotation": 2}


def test_former_symbols_are_brought_up_to_date_and_told(tmp_path: Path) -> None:
    line = {"INFO": "CSQ=" + csq(Consequence="stop_gained", SYMBOL="MLL2")}
    cohort = read_vcf_text(tmp_path, vcf(line, meta=(*META, CSQ_META)))
    assert rows(cohort, "hugo_symbol") == [("KMT2D",)]
    assert finding(cohort, "renamed-gene")["value"] == "MLL2"


def test_unknown_symbols_and_intergenic_lines_are_skipped(tmp_path: Path) -> None:
    lines = [
        {"INFO": "CSQ=" + csq(Consequence="intron_variant", SYMBOL="NOGENE9")},
        {"INFO": "CSQ=" + csq(Consequence="intergenic_variant", SYMBOL="")},
    ]
    cohort = read_vcf_text(tmp_path, vcf(*lines, meta=(*META, CSQ_META)))
    assert findings(cohort, "skipped") == {"unknown-gene": 1, "intergenic": 1}


def test_without_symbols_genes_are_found_by_position(tmp_path: Path) -> None:
    entry = csq(Consequence="missense_variant", SYMBOL="")
    assert annotated(tmp_path, entry) == [("KRAS", "missense", None, "Missense_Mutation")]


def test_snpeff_is_read(tmp_path: Path) -> None:
    entry = ann(
        Allele="T", Annotation="missense_variant", HGVS_p="p.Gly12Asp", AA_pos="12/189",
        Annotation_Impact="MODERATE",
    )  # fmt: skip
    other = ann(Allele="T", Annotation="intron_variant", Transcript_BioType="lncRNA")
    text = vcf({"INFO": f"ANN={other},{entry}"}, meta=(*META, ANN_META))
    cohort = read_vcf_text(tmp_path, text)
    assert rows(cohort, *RESULT, "protein_position") == [
        ("KRAS", "missense", "p.G12D", "Missense_Mutation", 12)
    ]
    assert "Consequences were read from ANN as SnpEff writes it." in cohort.notes


def test_an_annotation_of_unknown_words_counts_as_none(tmp_path: Path) -> None:
    line = {"INFO": "CSQ=" + csq(Consequence="odd_variant")}
    cohort = read_vcf_text(tmp_path, vcf(line, meta=(*META, CSQ_META)))
    assert rows(cohort, *RESULT) == [("KRAS", "unknown consequence", None, None)]
    assert findings(cohort, "warning") == {"no-annotation": 1}

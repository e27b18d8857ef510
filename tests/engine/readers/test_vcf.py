from __future__ import annotations

import gzip
from pathlib import Path

import pysam
import pytest

from engine.cohort import SAMPLES
from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from engine.progress import no_progress
from engine.readers.options import Limits
from engine.readers.vcf_faults import Fault
from engine.readers.vcf_header import TumorColumns, parse_header
from engine.readers.vcf_lines import Scan
from engine.readers.vcf_records import INVALID_LINE, RecordReader, read_records
from tests.engine.readers.inputs import account, finding, findings, read, read_text
from tests.engine.readers.vcfs import CSQ_META, KRAS, META, csq, read_vcf_text, rows, vcf

TP53 = {"CHROM": "17", "POS": "7577120", "REF": "C", "ALT": "T"}
SOUND = [{"POS": str(25_398_000 + n)} for n in range(30)]
"""Lines enough for one broken line among them to be rejected and not the file."""


def test_a_call_is_read_whole(tmp_path: Path) -> None:
    entry = csq(Consequence="missense_variant", HGVSp="ENSP1:p.Gly12Asp", Protein_position="12/189")
    text = vcf({"INFO": f"CSQ={entry}"}, meta=(*META, CSQ_META))
    cohort = read_vcf_text(tmp_path, text)
    assert cohort.alterations.to_pylist() == [
        {
            "sample_id": "calls", "hugo_symbol": "KRAS", "kind": "missense", "chromosome": "12",
            "start_position": 25398284, "reference_allele": "C", "tumor_allele": "T",
            "indel_length": 0, "vaf": pytest.approx(0.4), "protein_change": "p.G12D",
            "protein_position": 12, "variant_classification": "Missense_Mutation",
        }
    ]  # fmt: skip
    assert cohort.samples.schema.equals(SAMPLES)
    assert cohort.samples["sample_id"].to_pylist() == ["calls"]
    assert account(cohort, "calls.vcf") == (1, 1, 0, 0)
    assert cohort.study.genome == "GRCh37"
    assert cohort.study.study_id == "calls"


def test_gzip_and_bgzip_read_the_same_as_text(tmp_path: Path) -> None:
    text = vcf(KRAS, TP53)
    plain = read_vcf_text(tmp_path, text)
    packed = read_text(tmp_path, gzip.compress(text.encode()), name="packed.vcf.gz")
    parts = gzip.compress(text[:700].encode()) + gzip.compress(text[700:].encode())
    members = read_text(tmp_path, parts, name="members.vcf.gz")
    assert rows(packed, "start_position", "vaf") == rows(plain, "start_position", "vaf")
    assert rows(members, "start_position", "vaf") == rows(plain, "start_position", "vaf")
    assert plain.source_digest == packed.source_digest == members.source_digest


def test_truncated_gzip_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(vcf(*SOUND).encode())
    with pytest.raises(ImportRefusedError, match="the gzip data end too early"):
        read_text(tmp_path, packed[: len(packed) // 2], name="calls.vcf.gz")


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = "\ufeff" + vcf(KRAS, TP53).replace("\n", "\r\n")
    cohort = read_vcf_text(tmp_path, text)
    assert account(cohort, "calls.vcf") == (2, 2, 0, 0)


def test_a_tumor_without_any_variant_is_kept(tmp_path: Path) -> None:
    cohort = read_vcf_text(tmp_path, vcf())
    assert cohort.samples.num_rows == 1
    assert cohort.samples["mutation_panel"].null_count == 0
    assert account(cohort, "calls.vcf") == (0, 0, 0, 0)
    assert any("its tumors have none" in note for note in cohort.notes)


def test_an_unannotated_vcf_is_placed_by_position_and_says_how_to_annotate(tmp_path: Path) -> None:
    cohort = read_vcf_text(tmp_path, vcf(KRAS, {"CHROM": "1", "POS": "1"}))
    assert rows(cohort, "hugo_symbol", "kind", "variant_classification") == [
        ("KRAS", "unknown consequence", None)
    ]
    assert findings(cohort, "skipped") == {"intergenic": 1}
    (note,) = [note for note in cohort.notes if "no annotation" in note]
    assert "vep --vcf" in note
    assert "--assembly GRCh37" in note
    assert "snpEff ann GRCh37" in note


@pytest.mark.parametrize(
    ("genome", "position"), [("GRCh37", "1295228"), ("GRCh37", "1295250"), ("GRCh38", "1295113")]
)
def test_the_tert_promoter_is_known_by_position(tmp_path: Path, genome: str, position: str) -> None:
    text = vcf({"CHROM": "5", "POS": position, "REF": "G", "ALT": "A"}, meta=META[1:])
    cohort = read_vcf_text(tmp_path, text, genome=genome)
    assert rows(cohort, "hugo_symbol", "kind", "variant_classification") == [
        ("TERT", "promoter", "5'Flank")
    ]


@pytest.mark.parametrize(
    ("change", "outcome", "rule", "column"),
    [
        ({"FILTER": "weak_evidence"}, "skipped", "filter", "FILTER"),
        ({"FILTER": "PASS;weak_evidence"}, "skipped", "filter", "FILTER"),
        ({"CHROM": "GL000192.1"}, "skipped", "other-sequence", "CHROM"),
        ({"ALT": "<DEL>"}, "skipped", "symbolic-allele", "ALT"),
        ({"ALT": "<NON_REF>"}, "skipped", "no-variant", "ALT"),
        ({"ALT": "."}, "skipped", "no-variant", "ALT"),
        ({"ALT": "*"}, "skipped", "spanning-deletion", "ALT"),
        ({"ALT": ".T"}, "skipped", "breakend", "ALT"),
        ({"ALT": "C[12:25398400["}, "skipped", "breakend", "ALT"),
        ({"ALT": "C[1:1["}, "skipped", "breakend", "ALT"),
        ({"POS": "0"}, "skipped", "telomere", "POS"),
        ({"INFO": "SS=1"}, "skipped", "not-somatic", "INFO"),
        ({"INFO": "SS=3"}, "skipped", "not-somatic", "INFO"),
        ({"TUMOR": "0/0:50,0:50"}, "skipped", "not-called", "ALT"),
        ({"TUMOR": "./.:.:."}, "skipped", "not-called", "ALT"),
        ({"POS": "."}, "rejected", "vcf-position", "POS"),
        ({"POS": "12a"}, "rejected", "vcf-position", "POS"),
        ({"POS": "-1"}, "rejected", "vcf-position", "POS"),
        ({"POS": "99999999999"}, "rejected", "vcf-position", "POS"),
        ({"CHROM": "chr 1"}, "rejected", "vcf-chromosome", "CHROM"),
        ({"REF": "R"}, "rejected", "vcf-reference", "REF"),
        ({"REF": "."}, "rejected", "vcf-reference", "REF"),
        ({"ALT": "T,,G"}, "rejected", "vcf-alternative", "ALT"),
        ({"ALT": "A T"}, "rejected", "vcf-alternative", "ALT"),
        ({"ALT": "[1:100["}, "rejected", "vcf-alternative", "ALT"),
        ({"ALT": "c"}, "rejected", "same-alleles", "ALT"),
        ({"FILTER": "q10;"}, "rejected", "vcf-filter-column", "FILTER"),
        ({"FILTER": "0"}, "rejected", "vcf-filter-column", "FILTER"),
        ({"FORMAT": "AD:GT:DP"}, "rejected", "vcf-format", "FORMAT"),
        ({"FORMAT": "GT::DP"}, "rejected", "vcf-format", "FORMAT"),
        ({"FORMAT": "GT:DP:DP"}, "rejected", "vcf-format", "FORMAT"),
        ({"TUMOR": "0/2:60,40:100"}, "rejected", "vcf-genotype", "TUMOR"),
        ({"TUMOR": "0/C:60,40:100"}, "rejected", "vcf-genotype", "TUMOR"),
        ({"TUMOR": "0/1:60,40:100:1"}, "rejected", "vcf-genotype", "TUMOR"),
        ({"TUMOR": "0/1:60,40:many"}, "rejected", "vcf-sample-value", "TUMOR"),
    ],
)  # fmt: skip
def test_each_line_left_out_is_accounted_for(
    tmp_path: Path, change: dict[str, str], outcome: str, rule: str, column: str
) -> None:
    cohort = read_vcf_text(tmp_path, vcf(*SOUND[:20], change, *SOUND[20:]))
    found = finding(cohort, rule)
    assert (found["outcome"], found["count"], found["column"]) == (outcome, 1, column)
    assert found["line"] == len(META) + 2 + 21
    assert account(cohort, "calls.vcf")[:2] == (31, 30)


@pytest.mark.parametrize(
    ("line", "outcome", "rule"),
    [
        ("", "skipped", "blank-line"),
        ("12\t25398284\t.\tC\tT", "rejected", "column-count"),
        ("12\t25398284\t.\tC\tT\t.\tPASS\t.\tGT\t0/0", "rejected", "column-count"),
        ("\t".join(KRAS.values()).replace("PASS", "PA\rSS"), "rejected", "stray-carriage-return"),
    ],
)
def test_lines_that_are_no_rows_are_accounted_for(
    tmp_path: Path, line: str, outcome: str, rule: str
) -> None:
    text = vcf(*SOUND) + line + "\n" + vcf(TP53).splitlines()[-1] + "\n"
    cohort = read_vcf_text(tmp_path, text)
    found = finding(cohort, rule)
    assert (found["outcome"], found["line"]) == (outcome, len(META) + 2 + 31)
    assert account(cohort, "calls.vcf")[:2] == (32, 31)


def test_a_line_in_another_encoding_is_rejected(tmp_path: Path) -> None:
    line = "\t".join({**KRAS, "ID": "é"}.values())
    text = (vcf(*SOUND) + line + "\n").encode("latin-1")
    cohort = read_text(tmp_path, text, name="calls.vcf")
    assert findings(cohort, "rejected") == {"encoding": 1}


def test_a_file_with_many_broken_lines_is_refused_with_the_first(tmp_path: Path) -> None:
    text = vcf(KRAS, {"POS": "x"}, {"POS": "y"})
    message = (
        r"calls\.vcf, line 11, column POS: 2 of 3 lines break .* \(found 'x'\) \[vcf-position\]"
    )
    with pytest.raises(ImportRefusedError, match=message):
        read_vcf_text(tmp_path, text)


def test_lines_that_htslib_refuses_are_rejected_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "handed_on.vcf"
    path.write_text(
        vcf(KRAS, {"FORMAT": "AD:GT:DP"}, TP53, {"TUMOR": "0/C:1:2"}, samples=["TUMOR"])
    )
    header = parse_header("calls.vcf", path.read_text().splitlines()[: len(META) + 2], Limits())
    scanned = Scan(header, num_lines=4, handed_on=[21, 22, 23, 24])
    tumors = TumorColumns(((0, "T"),), has_normal=False, note="")
    reader = RecordReader(tumors, None, GeneTable.load(), "GRCh37", scanned.account)
    read_records(path, scanned, reader, no_progress)
    assert [(call.line, call.hugo_symbol) for call in reader.calls] == [(21, "KRAS"), (23, "TP53")]
    assert scanned.account.first_rejected() == (22, Fault(INVALID_LINE, None, ""), 2)


def test_what_is_odd_in_unneeded_fields_is_told_and_read(tmp_path: Path) -> None:
    changes = [{"ID": "rs1;"}, {"QUAL": "-3"}, {"INFO": "DP=many"}, {"INFO": ""}]
    cohort = read_vcf_text(tmp_path, vcf(*({**TP53, "POS": str(7577120 + n), **c} for n, c in
                                           enumerate(changes))))  # fmt: skip
    assert account(cohort, "calls.vcf") == (4, 4, 0, 0)
    assert findings(cohort, "warning") == {"vcf-id": 1, "vcf-quality": 1, "vcf-info": 2}


@pytest.mark.parametrize(
    "line",
    [
        "##INFO=<ID=X,Number=Z,Type=String,Description=\"d\">",
        "##INFO=<ID=X,Type=String,Number=1,Description=\"d\">",
        "##INFO=<ID=X,Number=1,Type=String,Description=d>",
        "##INFO=<ID=X,Number=1,Type=String,Description=\"d\"",
        "##INFO=<ID=X,Number=1,Type=String,Description=\"say \"what\"\">",
        "##contig=<length=1>",
        "##ALT=<ID=ODD,Description=\"d\">",
        "##reference=",
        "##just words",
        "##pedigreeDB=<>",
    ],
)  # fmt: skip
def test_odd_lines_of_the_header_are_told(tmp_path: Path, line: str) -> None:
    cohort = read_vcf_text(tmp_path, vcf(KRAS, meta=(*META, line)))
    found = finding(cohort, "vcf-meta-line")
    assert (found["outcome"], found["line"]) == ("warning", len(META) + 2)
    assert account(cohort, "calls.vcf") == (1, 1, 0, 0)


def test_a_reserved_field_declared_otherwise_is_told(tmp_path: Path) -> None:
    line = '##INFO=<ID=AC,Number=1,Type=Float,Description="Allele count">'
    cohort = read_vcf_text(tmp_path, vcf(KRAS, meta=(*META, line)))
    assert finding(cohort, "vcf-reserved-field")["line"] == len(META) + 2


def test_unsorted_lines_are_read_and_told(tmp_path: Path) -> None:
    cohort = read_vcf_text(tmp_path, vcf(TP53, KRAS, {**TP53, "POS": "7577121"}))
    assert account(cohort, "calls.vcf") == (3, 3, 0, 0)
    assert finding(cohort, "vcf-unsorted")["line"] == len(META) + 5


def test_repeated_variants_count_once(tmp_path: Path) -> None:
    cohort = read_vcf_text(tmp_path, vcf(KRAS, KRAS, {"REF": "CA", "ALT": "TA"}))
    assert cohort.alterations.num_rows == 1
    assert findings(cohort, "skipped") == {"duplicate": 2}


def test_a_line_with_several_alleles_counts_once(tmp_path: Path) -> None:
    change = {"ALT": "T,G,<DEL>", "NORMAL": "0/0:50,0,0,0:50", "TUMOR": "1/2:50,30,20,0:100"}
    cohort = read_vcf_text(tmp_path, vcf(change))
    assert rows(cohort, "tumor_allele", "vaf") == [
        ("T", pytest.approx(0.3)),
        ("G", pytest.approx(0.2)),
    ]
    assert account(cohort, "calls.vcf") == (1, 1, 0, 0)


def test_a_breakend_between_two_genes_is_a_fusion_told_once(tmp_path: Path) -> None:
    first = {"CHROM": "2", "POS": "29446394", "REF": "A", "ALT": "A]2:42522694]"}
    mate = {"CHROM": "2", "POS": "42522694", "REF": "G", "ALT": "G]2:29446394]"}
    calls = [{**end, "FORMAT": "GT", "NORMAL": "0/0", "TUMOR": "0/1"} for end in (first, mate)]
    cohort = read_vcf_text(tmp_path, vcf(*calls))
    columns = ("hugo_symbol", "kind", "variant_classification", "start_position")
    assert rows(cohort, *columns) == [
        ("ALK", "fusion", "EML4", 29446394),
        ("EML4", "fusion", "ALK", 42522694),
    ]
    assert findings(cohort, "skipped") == {"duplicate": 1}
    assert cohort.samples["fusion_panel"].null_count == 0


def test_a_stated_panel_leaves_out_calls_off_it(tmp_path: Path) -> None:
    text = vcf(KRAS, {"CHROM": "2", "POS": "179400000"})
    cohort = read_vcf_text(tmp_path, text, panel="IMPACT341", cancer_type="Lung")
    assert rows(cohort, "hugo_symbol") == [("KRAS",)]
    assert findings(cohort, "skipped") == {"off-panel": 1}
    assert cohort.samples["mutation_panel"].to_pylist() == ["IMPACT341"]
    assert cohort.samples["cancer_type"].to_pylist() == ["Lung"]


def test_calls_filtered_by_the_caller_are_summed_up(tmp_path: Path) -> None:
    weak = {"FILTER": "weak_evidence"}
    cohort = read_vcf_text(tmp_path, vcf(KRAS, weak, weak, {"FILTER": "germline"}))
    assert findings(cohort, "skipped") == {"filter": 3}
    assert "3 calls did not pass the caller's filters: weak_evidence 2, germline 1." in cohort.notes


def test_htslib_says_nothing_to_the_user(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = vcf({"INFO": "ODD=1;SS=2", "FORMAT": "GT:XX:YY"}, meta=META[:1])
    read_vcf_text(tmp_path, text)
    assert capfd.readouterr() == ("", "")


def test_twenty_thousand_calls_are_read(tmp_path: Path) -> None:
    calls = ({"CHROM": "2", "POS": str(179_390_000 + n)} for n in range(20_000))
    cohort = read_vcf_text(tmp_path, vcf(*calls))
    assert account(cohort, "calls.vcf") == (20_000, 20_000, 0, 0)


def test_real_bgzip_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calls.vcf"
    path.write_text(vcf(KRAS))
    pysam.tabix_compress(str(path), f"{path}.gz")
    assert account(read(tmp_path / "calls.vcf.gz"), "calls.vcf.gz") == (1, 1, 0, 0)

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.errors import ImportRefusedError
from tests.engine.readers.inputs import (
    TP53,
    account,
    clinical,
    finding,
    findings,
    maf,
    read,
    table,
    write_study,
)


def test_a_study_is_read_whole(tmp_path: Path) -> None:
    cohort = read(write_study(tmp_path / "folder"))
    assert (cohort.study.study_id, cohort.study.name) == ("tiny", "A tiny study")
    assert cohort.study.genome == "GRCh37"
    assert cohort.samples["sample_id"].to_pylist() == ["S1", "S2", "S3"]
    assert cohort.samples["patient_id"].to_pylist() == ["P1", "P1", "P2"]
    assert cohort.samples["cancer_type"].to_pylist() == ["Melanoma", "Melanoma", None]
    assert cohort.samples["mutation_panel"].to_pylist() == ["IMPACT341"] * 3
    assert cohort.samples["cna_panel"].null_count == 3
    assert cohort.alterations["hugo_symbol"].to_pylist() == ["KRAS", "TP53"]
    assert len(cohort.panels) == 341
    assert findings(cohort) == {}
    assert cohort.notes == ()


def test_a_sample_without_an_alteration_is_a_sample(tmp_path: Path) -> None:
    cohort = read(write_study(tmp_path / "s"))
    assert "S3" not in cohort.alterations["sample_id"].to_pylist()
    assert cohort.samples["mutation_panel"][2].as_py() == "IMPACT341"


def test_a_call_outside_the_clinical_file_is_rejected(tmp_path: Path) -> None:
    text = maf({}, {"Tumor_Sample_Barcode": "S9"}, {"Tumor_Sample_Barcode": "S9"})
    cohort = read(write_study(tmp_path / "s", data_mutations=text))
    found = finding(cohort, "sample-not-in-clinical")
    assert (found["outcome"], found["count"], found["line"]) == ("rejected", 2, 3)
    assert (found["column"], found["value"]) == ("Tumor_Sample_Barcode", "S9")
    assert account(cohort, "data_mutations.txt") == (3, 1, 2, 0)


def test_a_sample_that_lost_every_row_is_not_profiled(tmp_path: Path) -> None:
    bad = {"Tumor_Sample_Barcode": "S2", "Start_Position": "x"}
    cohort = read(write_study(tmp_path / "s", data_mutations=maf({}, bad, {**bad, **TP53, **bad})))
    assert cohort.samples["mutation_panel"].to_pylist() == ["IMPACT341", None, "IMPACT341"]
    assert finding(cohort, "sample-without-sound-row")["value"] == "1 samples, the first is S2"


def test_a_study_without_any_sound_mutation_is_refused(tmp_path: Path) -> None:
    text = maf({"Tumor_Sample_Barcode": "X1"}, {"Tumor_Sample_Barcode": "X2"})
    with pytest.raises(ImportRefusedError, match="no row can be taken in") as caught:
        read(write_study(tmp_path / "s", data_mutations=text))
    assert (caught.value.rule, caught.value.line) == ("sample-not-in-clinical", 2)


def test_a_study_without_any_sample_is_refused(tmp_path: Path) -> None:
    columns = {"PATIENT_ID": "STRING", "SAMPLE_ID": "STRING"}
    text = clinical(columns, [["", "S1"], ["P1", ""]])
    with pytest.raises(ImportRefusedError, match="no row can be taken in") as caught:
        read(write_study(tmp_path / "s", data_clinical_sample=text))
    assert caught.value.file == "data_clinical_sample.txt"


def test_calls_are_judged_by_the_panel_of_their_sample(tmp_path: Path) -> None:
    matrix = table(["SAMPLE_ID", "mutations"], [["S1", "MINE"], ["S2", "NA"], ["S3", "exome"]])
    calls = ({}, TP53, {"Tumor_Sample_Barcode": "S2"}, {**TP53, "Tumor_Sample_Barcode": "S3"})
    cohort = read(
        write_study(
            tmp_path / "s",
            data_gene_panel_matrix=matrix,
            data_mutations=maf(*calls),
            **{"gene_panels/mine": "stable_id: MINE\ngene_list:\tTP53\n"},
        )
    )
    assert findings(cohort) == {"off-panel": 1, "sample-not-profiled": 1}
    assert finding(cohort, "off-panel")["value"] == "KRAS"
    assert cohort.samples["mutation_panel"].to_pylist() == ["MINE", None, "exome"]
    assert cohort.alterations["sample_id"].to_pylist() == ["S1", "S3"]
    assert set(cohort.panels["panel_id"].to_pylist()) == {"MINE", "exome"}


def test_a_panel_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    matrix = table(["SAMPLE_ID", "mutations"], [["S1", "IMPACT341"], ["S2", "ACME7"]])
    study = write_study(tmp_path / "s", data_gene_panel_matrix=matrix)
    with pytest.raises(ImportRefusedError, match="described nowhere") as caught:
        read(study)
    assert (caught.value.rule, caught.value.line) == ("unknown-panel", 3)
    assert (caught.value.column, caught.value.value) == ("mutations", "ACME7")
    assert "gene_panels" in caught.value.advice


def test_samples_on_no_panel_are_told(tmp_path: Path) -> None:
    matrix = table(["SAMPLE_ID", "mutations"], [["S1", "IMPACT341"], ["S1", "NA"], ["S7", "NA"]])
    cohort = read(write_study(tmp_path / "s", data_gene_panel_matrix=matrix))
    assert findings(cohort) == {
        "sample-on-no-panel": 1, "duplicate-id": 1, "sample-not-in-clinical": 1,
        "sample-not-profiled": 1,
    }  # fmt: skip
    assert finding(cohort, "sample-on-no-panel")["value"] == "2 samples, the first is S2"
    assert cohort.samples["mutation_panel"].to_pylist() == ["IMPACT341", None, None]


def test_without_a_matrix_the_case_list_counts(tmp_path: Path) -> None:
    case_list = "stable_id: tiny_sequenced\ncase_list_ids: S1\tS2\n"
    files = {"data_gene_panel_matrix": "", "case_lists/cases_sequenced": case_list}
    cohort = read(write_study(tmp_path / "s", **files))
    assert cohort.samples["mutation_panel"].to_pylist() == ["exome", "exome", None]
    assert any("the samples of case list sequenced" in note for note in cohort.notes)


def test_without_matrix_and_case_list_all_samples_are_exomes(tmp_path: Path) -> None:
    cohort = read(write_study(tmp_path / "s", data_gene_panel_matrix=""))
    assert cohort.samples["mutation_panel"].to_pylist() == ["exome"] * 3
    assert any("all samples count as looked at" in note for note in cohort.notes)


def test_without_a_matrix_the_stated_panel_counts(tmp_path: Path) -> None:
    study = write_study(tmp_path / "s", data_gene_panel_matrix="")
    cohort = read(study, panel="impact410")
    assert cohort.samples["mutation_panel"].to_pylist() == ["IMPACT410"] * 3
    assert any("the 410 genes of IMPACT410" in note for note in cohort.notes)


def test_without_a_mutation_file_nothing_was_profiled_for_mutations(tmp_path: Path) -> None:
    cna = table(["Hugo_Symbol", "S1", "S2", "S3"], [["TP53", "-2", "0", "0"]])
    cohort = read(write_study(tmp_path / "s", data_mutations="", data_cna=cna))
    assert cohort.samples["mutation_panel"].null_count == 3
    assert cohort.samples["cna_panel"].null_count == 0
    assert cohort.study.genome == "GRCh37"


def test_compressed_files_are_found_by_their_plain_name(tmp_path: Path) -> None:
    study = write_study(tmp_path / "s")
    plain = study / "data_mutations.txt"
    digest = read(study).source_digest
    (study / "data_mutations.txt.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    cohort = read(study)
    assert account(cohort, "data_mutations.txt.gz") == (2, 2, 0, 0)
    assert cohort.source_digest == digest


def test_the_digest_tells_a_changed_file(tmp_path: Path) -> None:
    before = read(write_study(tmp_path / "s")).source_digest
    after = read(write_study(tmp_path / "s", data_mutations=maf(TP53))).source_digest
    assert before != after


def test_meta_files_name_the_data(tmp_path: Path) -> None:
    meta = (
        "genetic_alteration_type: MUTATION_EXTENDED\ndatatype: MAF\nstable_id: mutations\n"
        "data_filename: calls.maf\n"
    )
    study = write_study(tmp_path / "s", meta_mutations=meta)
    (study / "calls.maf").write_text(maf({**TP53}))
    cohort = read(study)
    assert cohort.alterations["hugo_symbol"].to_pylist() == ["TP53"]
    assert cohort.notes == ("Files of other kinds were not read: data_mutations.txt.",)


@pytest.mark.parametrize("name", ["../calls.maf", "/etc/passwd", "a/../../calls.maf"])
def test_meta_files_that_lead_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    meta = f"genetic_alteration_type: MUTATION_EXTENDED\ndatatype: MAF\ndata_filename: {name}\n"
    (tmp_path / "calls.maf").write_text(maf({}))
    with pytest.raises(ImportRefusedError, match="leads out of the study folder"):
        read(write_study(tmp_path / "s", meta_mutations=meta))


def test_meta_files_that_name_a_missing_file_are_refused(tmp_path: Path) -> None:
    meta = "genetic_alteration_type: MUTATION_EXTENDED\ndatatype: MAF\ndata_filename: x.maf\n"
    with pytest.raises(ImportRefusedError, match="not in the folder") as caught:
        read(write_study(tmp_path / "s", meta_mutations=meta))
    assert (caught.value.file, caught.value.value) == ("meta_mutations.txt", "x.maf")


@pytest.mark.parametrize("part", ["data_mutations.txt", "gene_panels"])
def test_links_are_refused(tmp_path: Path, part: str) -> None:
    study = write_study(tmp_path / "s")
    target = tmp_path / "elsewhere"
    if part == "gene_panels":
        target.mkdir()
    else:
        (study / part).rename(target)
    (study / part).symlink_to(target)
    with pytest.raises(ImportRefusedError, match="symbolic link"):
        read(study)


@pytest.mark.parametrize("identifier", ["a b", "../up", "x" * 200, ".hidden"])
def test_study_ids_with_other_characters_are_refused(tmp_path: Path, identifier: str) -> None:
    meta = f"cancer_study_identifier: {identifier}\n"
    with pytest.raises(ImportRefusedError, match="the study id is not usable") as caught:
        read(write_study(tmp_path / "s", meta_study=meta))
    assert (caught.value.file, caught.value.rule) == ("meta_study.txt", "study-id")


def test_the_study_id_is_stated_else_of_the_meta_file_else_the_folder(tmp_path: Path) -> None:
    study = write_study(tmp_path / "myfolder")
    assert read(study, study_id="mine").study.study_id == "mine"
    assert read(study).study.study_id == "tiny"
    (study / "meta_study.txt").unlink()
    assert read(study).study.study_id == "myfolder"


def test_a_study_without_samples_file_is_refused(tmp_path: Path) -> None:
    files = {"data_clinical_sample": "", "meta_clinical_sample": ""}
    with pytest.raises(ImportRefusedError, match=r"data_clinical_sample\.txt is missing"):
        read(write_study(tmp_path / "s", **files))


@pytest.mark.parametrize(
    ("reference", "stated", "expected"),
    [("hg19", None, "GRCh37"), ("GRCh38", None, "GRCh38"), ("hg19", "GRCh37", "GRCh37"),
     (None, "GRCh38", "GRCh38"), (None, None, "GRCh37")],
)  # fmt: skip
def test_the_genome_of_a_study(
    tmp_path: Path, reference: str | None, stated: str | None, expected: str
) -> None:
    meta = "cancer_study_identifier: tiny\n"
    meta += f"reference_genome: {reference}\n" if reference else ""
    text = maf({"NCBI_Build": ""})
    study = write_study(tmp_path / "s", meta_study=meta, data_mutations=text)
    assert read(study, genome=stated).study.genome == expected


@pytest.mark.parametrize(("reference", "stated"), [("hg19", "GRCh38"), ("mm10", None)])
def test_a_genome_that_contradicts_is_refused(
    tmp_path: Path, reference: str, stated: str | None
) -> None:
    meta = f"cancer_study_identifier: tiny\nreference_genome: {reference}\n"
    with pytest.raises(ImportRefusedError, match="the genome build of the study") as caught:
        read(write_study(tmp_path / "s", meta_study=meta), genome=stated)
    assert (caught.value.file, caught.value.value) == ("meta_study.txt", reference)


def test_a_mutation_file_of_another_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="the row is in GRCh38") as caught:
        read(write_study(tmp_path / "s", data_mutations=maf({"NCBI_Build": "hg38"})))
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("attributes", "cancer_type", "code"),
    [
        ({"CANCER_TYPE": "Melanoma", "ONCOTREE_CODE": "LUAD"}, "Melanoma", "LUAD"),
        ({"CANCER_TYPE_DETAILED": "Lung Adenocarcinoma"}, "Non-Small Cell Lung Cancer", "LUAD"),
        ({"CANCER_TYPE_DETAILED": "Something new"}, "Something new", None),
        ({"TCGA_STUDY": "KIRC"}, "KIRC", None),
        ({"ONCOTREE_CODE": "LUAD"}, "Non-Small Cell Lung Cancer", "LUAD"),
        ({"TUMOR_TYPE_CODE": "CRC"}, "Colorectal Cancer", None),
        ({"TUMOR_TYPE_CODE": "??"}, "Melanoma", None),
    ],
)
def test_the_cancer_type_of_a_sample(
    tmp_path: Path, attributes: dict[str, str], cancer_type: str, code: str | None
) -> None:
    columns = {"PATIENT_ID": "STRING", "SAMPLE_ID": "STRING"} | dict.fromkeys(attributes, "STRING")
    rows = [[f"P{n}", f"S{n}", *attributes.values()] for n in (1, 2, 3)]
    meta = "cancer_study_identifier: tiny\ntype_of_cancer: mel\n"
    files = {"data_clinical_sample": clinical(columns, rows), "data_clinical_patient": ""}
    study = write_study(tmp_path / "s", meta_study=meta, meta_clinical_patient="", **files)
    cohort = read(study)
    assert cohort.samples["cancer_type"].to_pylist() == [cancer_type] * 3
    assert cohort.samples["oncotree_code"].to_pylist() == [code] * 3


def test_a_study_of_mixed_types_tells_nothing_of_a_sample(tmp_path: Path) -> None:
    meta = "cancer_study_identifier: tiny\ntype_of_cancer: mixed\n"
    cohort = read(write_study(tmp_path / "s", meta_study=meta))
    assert cohort.samples["cancer_type"].to_pylist() == ["Melanoma", "Melanoma", None]


def test_a_tcga_aliquot_is_read_as_its_sample(tmp_path: Path) -> None:
    columns = {"PATIENT_ID": "STRING", "SAMPLE_ID": "STRING"}
    sample = "TCGA-02-0003-01"
    files = {
        "data_clinical_sample": clinical(columns, [["TCGA-02-0003", sample]]),
        "data_gene_panel_matrix": table(["SAMPLE_ID", "mutations"], [[sample, "IMPACT341"]]),
        "data_mutations": maf({"Tumor_Sample_Barcode": f"{sample}A-01D-1490-08"}),
    }
    cohort = read(write_study(tmp_path / "s", **files))
    assert cohort.alterations["sample_id"].to_pylist() == [sample]
    assert finding(cohort, "tcga-aliquot")["outcome"] == "warning"


def test_a_tumor_with_20_000_alterations_is_read(tmp_path: Path) -> None:
    calls = [{"Start_Position": str(25_398_000 + n)} for n in range(20_000)]
    cohort = read(write_study(tmp_path / "s", data_mutations=maf(*calls)))
    assert cohort.alterations.num_rows == 20_000

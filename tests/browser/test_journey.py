"""A study goes in, a map and a patient come out, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.driving import lasso, legend, served, settle, summary, wait_for_map

pytestmark = [pytest.mark.browser, pytest.mark.slow]

JOB_MS = 300_000
NUM_TUMORS = 48

# Position of a codon in GRCh37, and the change.
HOTSPOTS = {
    "KRAS": ("12", 25398284, "C", "T", "p.G12D"),
    "TP53": ("17", 7577538, "C", "T", "p.R248Q"),
    "BRAF": ("7", 140453136, "A", "T", "p.V600E"),
    "PIK3CA": ("3", 178952085, "A", "G", "p.H1047R"),
    "IDH1": ("2", 209113112, "C", "T", "p.R132H"),
    "EGFR": ("7", 55259515, "T", "G", "p.L858R"),
}
COLUMNS = (
    "Hugo_Symbol",
    "Chromosome",
    "Start_Position",
    "Reference_Allele",
    "Tumor_Seq_Allele2",
    "HGVSp_Short",
    "NCBI_Build",
    "Variant_Classification",
    "Tumor_Sample_Barcode",
)


def maf_rows(sample_id: str, genes: list[str]) -> list[str]:
    return [
        "\t".join([gene, *map(str, HOTSPOTS[gene]), "GRCh37", "Missense_Mutation", sample_id])
        for gene in genes
    ]


def write_study(folder: Path) -> None:
    """Write a study folder with a label, as cBioPortal lays it out."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows, samples = ["\t".join(COLUMNS)], []
    for number in range(NUM_TUMORS):
        sample_id = f"JOURNEY-{number:03d}"
        genes = rng.choice(list(HOTSPOTS), size=rng.integers(1, 4), replace=False)
        rows += maf_rows(sample_id, sorted(genes.tolist()))
        status = "positive" if number % 3 else "negative"
        samples.append("\t".join([f"P-{number:03d}", sample_id, "Cervical Cancer", status]))
    names = ["PATIENT_ID", "SAMPLE_ID", "CANCER_TYPE", "HPV_STATUS"]
    titles = ["Patient", "Sample", "Cancer Type", "HPV Status"]
    header = [titles, titles, ["STRING"] * 4, ["1"] * 4]
    lines = ["#" + "\t".join(line) for line in header] + ["\t".join(names), *samples]
    (folder / "data_clinical_sample.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "data_mutations.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "meta_study.txt").write_text(
        "type_of_cancer: mixed\ncancer_study_identifier: journey\nname: Journey\n"
        "description: A study for a test\nreference_genome: hg19\n",
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def journey_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("journey")
    write_study(home / "imports" / "journey")
    return home


@pytest.fixture(scope="module")
def journey_address(journey_home: Path) -> Iterator[str]:
    with served(journey_home) as url:
        yield url


def test_from_a_study_to_a_placed_patient(page: Page, journey_address: str, files: Path) -> None:
    page.goto(journey_address)
    expect(page.get_by_text("No map yet")).to_be_visible()

    page.get_by_role("link", name="Data").click()
    page.get_by_role("radio", name="On the server").click()
    settle(page)
    page.locator(".st-key-data_server input").first.click()
    page.get_by_role("option", name="journey").click()
    settle(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text(f"map of {NUM_TUMORS} tumors")).to_be_visible(timeout=JOB_MS)
    expect(page.get_by_text(f"1 study, {NUM_TUMORS} tumors")).to_be_visible()

    page.get_by_role("link", name="Map").click()
    wait_for_map(page)
    page.locator(".st-key-label input").first.click()
    page.get_by_role("option", name="HPV status", exact=True).click()
    settle(page)
    wait_for_map(page, "HPV status")
    assert legend(page) == ["positive, 32 tumors", "negative, 16 tumors"]

    lasso(page, [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99)])
    expect(summary(page)).to_have_text(f"{NUM_TUMORS} tumors selected")

    patient = files / "patient.maf"
    rows = ["\t".join(COLUMNS), *maf_rows("CASE-1", ["KRAS", "TP53"])]
    patient.write_text("\n".join(rows) + "\n", encoding="utf-8")
    page.get_by_role("link", name="Patient").click()
    page.get_by_role("radio", name="Upload a file").click()
    settle(page)
    page.locator('input[type="file"]').set_input_files(patient)
    expect(page.get_by_role("heading", name="Can this be trusted?")).to_be_visible()
    expect(page.get_by_text("uploaded, not stored")).to_be_visible()
    expect(page.get_by_role("heading", name="The 15 tumors most like it")).to_be_visible()

    broken = files / "broken.maf"
    broken.write_text("Hugo_Symbol\tTumor_Sample_Barcode\n", encoding="utf-8")
    page.get_by_role("button", name="Forget this upload").click()
    expect(page.get_by_text("Drop one patient's file")).to_be_visible()
    page.locator('input[type="file"]').set_input_files(broken)
    expect(page.get_by_role("alert").filter(has_text="broken.maf")).to_be_visible()

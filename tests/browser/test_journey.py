"""A study goes in and a map comes out, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.driving import lasso, legend, served, settle, summary, wait_for_map
from tests.browser.patient_files import HOTSPOTS, maf

JOB_MS = 300_000
NUM_TUMORS = 48


def write_study(folder: Path) -> None:
    """Write a study folder with a label, as cBioPortal lays it out."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    tumors, samples = [], []
    for number in range(NUM_TUMORS):
        sample_id = f"JOURNEY-{number:03d}"
        genes = rng.choice(list(HOTSPOTS), size=rng.integers(1, 4), replace=False)
        tumors.append((sample_id, sorted(genes.tolist())))
        status = "positive" if number % 3 else "negative"
        samples.append("\t".join([f"P-{number:03d}", sample_id, "Cervical Cancer", status]))
    names = ["PATIENT_ID", "SAMPLE_ID", "CANCER_TYPE", "HPV_STATUS"]
    titles = ["Patient", "Sample", "Cancer Type", "HPV Status"]
    header = [titles, titles, ["STRING"] * 4, ["1"] * 4]
    lines = ["#" + "\t".join(line) for line in header] + ["\t".join(names), *samples]
    (folder / "data_clinical_sample.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "data_mutations.txt").write_text(maf(*tumors), encoding="utf-8")
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


def test_from_a_study_to_a_selection_on_its_map(page: Page, journey_address: str) -> None:
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

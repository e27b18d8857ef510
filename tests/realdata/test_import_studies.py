"""Every real study is read, each of its lines is accounted for, and its counts are right."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from engine.cohort import Cohort
from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from engine.kinds import ALTERING_KINDS
from engine.readers.options import ReadOptions
from engine.readers.read import read_input

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

STUDIES = (
    "braun_2020", "hugo_2016", "jung_2019", "miao_2018_ccrcc", "msk_impact_2017", "msk_met_2021",
    "riaz_2017", "rizvi_2018", "roh_2017", "samstein_2019", "snyder_2017", "tcga_pancan",
    "vanallen_2015",
)  # fmt: skip
ALTERING = frozenset(kind.value for kind in ALTERING_KINDS)


@cache
def cohort_of(folder: Path) -> Cohort:
    return read_input(folder, ReadOptions(), GeneTable.load())


@pytest.fixture(params=STUDIES)
def study(request: pytest.FixtureRequest, data_root: Path) -> Path:
    return data_root / "studies" / str(request.param)


def data_lines(path: Path) -> int:
    """Count the lines after the header with nothing but bytes."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = content.removesuffix(b"\n").split(b"\n")
    return len(lines) - 1 - next(n for n, line in enumerate(lines) if not line.startswith(b"#"))


def stated_counts(folder: Path) -> dict[str, int]:
    text = (folder / "SOURCE.md").read_text()
    return {name: int(n) for name, n in re.findall(r"^- (\w+): (\d+)$", text, re.MULTILINE)}


def test_every_line_is_accounted_for(study: Path) -> None:
    report = cohort_of(study).report
    findings = report.findings.to_pylist()
    for row in report.files.to_pylist():
        assert row["lines_read"] == data_lines(study / row["file"])
        assert row["lines_read"] == row["loaded"] + row["rejected"] + row["skipped"]
        for outcome in ("rejected", "skipped"):
            found = [f for f in findings if (f["file"], f["outcome"]) == (row["file"], outcome)]
            assert row[outcome] == sum(f["count"] for f in found)
    there = {path.name for path in study.glob("data_*") if path.suffix != ".seg"}
    assert there <= set(report.files["file"].to_pylist())


def test_samples_and_patients_are_those_of_the_source(study: Path) -> None:
    cohort, stated = cohort_of(study), stated_counts(study)
    assert cohort.samples.num_rows == stated["samples"]
    assert len(cohort.samples["patient_id"].unique()) == stated["patients"]
    profiled = cohort.samples.num_rows - cohort.samples["mutation_panel"].null_count
    assert profiled == stated.get("mut_profiled", stated["samples"])
    with_cna = cohort.samples.num_rows - cohort.samples["cna_panel"].null_count
    assert with_cna == stated.get("cna_samples", 240 if study.name == "rizvi_2018" else 0)
    (mutations,) = [
        row for row in cohort.report.files.to_pylist() if row["file"].startswith("data_mutations")
    ]
    assert mutations["lines_read"] == stated["variants"]


def test_tables_hold_together(study: Path) -> None:
    cohort = cohort_of(study)
    samples = cohort.samples["sample_id"].to_pylist()
    assert samples == sorted(set(samples))
    assert set(cohort.alterations["sample_id"].unique().to_pylist()) <= set(samples)
    assert set(cohort.clinical["sample_id"].unique().to_pylist()) <= set(samples)
    assert set(cohort.alterations["hugo_symbol"].unique().to_pylist()) <= set(
        GeneTable.load().symbols
    )
    named = {
        p
        for c in ("mutation", "cna", "fusion")
        for p in cohort.samples[f"{c}_panel"].unique().to_pylist()
    }
    assert named - {None} == set(cohort.panels["panel_id"].unique().to_pylist())
    keys = cohort.clinical.group_by(["sample_id", "attribute"]).aggregate([])
    assert keys.num_rows == cohort.clinical.num_rows
    assert cohort.study.genome == "GRCh37"
    if study.name != "msk_impact_2017":  # it has samples without any type
        assert cohort.samples["cancer_type"].null_count == 0


def test_few_altering_calls_are_lost_to_panels(study: Path) -> None:
    cohort = cohort_of(study)
    lost = sum(
        row["count"]
        for row in cohort.report.findings.to_pylist()
        if row["rule"] == "off-panel" and row["file"].startswith("data_mutations")
    )
    kinds = cohort.alterations["kind"].to_pylist()
    assert lost < 0.01 * sum(kind in ALTERING for kind in kinds)


def test_dates_of_patients_are_dropped(data_root: Path) -> None:
    cohort = cohort_of(data_root / "studies" / "vanallen_2015")
    attributes = set(cohort.attributes["attribute"].to_pylist())
    assert not {name for name in attributes if "DATE" in name or "THERAPY_START" in name}
    values = cohort.clinical["value"].unique().to_pylist()
    assert not [value for value in values if re.search(r"\d\d/\d\d/\d{4}", value)]


def test_fusions_of_a_study(data_root: Path) -> None:
    cohort = cohort_of(data_root / "studies" / "rizvi_2018")
    fusions = [row for row in cohort.alterations.to_pylist() if row["kind"] == "fusion"]
    assert ("ALK" in {row["hugo_symbol"] for row in fusions}) or len(fusions) > 30
    assert cohort.samples["fusion_panel"].null_count == 0


def outcome(path: Path) -> str:
    """Read a file and return `read`, or the rule by which it was refused."""
    try:
        cohort = read_input(path, ReadOptions(), GeneTable.load())
    except ImportRefusedError as refusal:
        return refusal.rule
    return "read" if cohort.samples.num_rows else "empty"


def test_public_files_of_others_are_read_or_refused(data_root: Path) -> None:
    folders = ("genome-nexus-pipeline", "vcf2maf")
    paths = [p for f in folders for p in (data_root / "badinput" / f).rglob("*") if p.is_file()]
    outcomes = Counter(outcome(path) for path in paths)
    assert outcomes["read"] >= 9
    assert outcomes["missing-column"] >= 5
    assert outcomes["no-sample"] >= 8


def test_the_largest_study_is_read_fast_and_small(data_root: Path) -> None:
    """Parsing alone, in a process of its own: at most 60 s and 4 GiB."""
    code = (
        "import resource, sys; from pathlib import Path; from engine.genes import GeneTable;"
        "from engine.readers.options import ReadOptions;"
        "from engine.readers.read import read_input;"
        "read_input(Path(sys.argv[1]), ReadOptions(), GeneTable.load());"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, str(data_root / "studies" / "tcga_pancan")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert time.perf_counter() - started < 60
    assert int(done.stdout) < 4 * 1024 * 1024

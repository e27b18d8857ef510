"""Public valid and invalid files: none may crash the reader, lose a line or pass unseen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from engine.cohort import Cohort
from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from engine.readers.options import ReadOptions
from engine.readers.read import read_input

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

VERSIONS = ("v4.1", "v4.2")
# What the specification asks and no reader of alterations needs: repeated lines outside genes,
# underscores in FORMAT names, and the wording of SAMPLE and PEDIGREE lines.
MAX_UNSEEN = 0.05


def corpus(data_root: Path, *parts: str) -> list[Path]:
    folder = data_root.joinpath("badinput", *parts)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert files, f"{folder.name} is empty"
    return [path for path in files if not path.name.startswith("SOURCE")]


def read_or_refuse(path: Path) -> Cohort | ImportRefusedError:
    try:
        return read_input(path, ReadOptions(), GeneTable.load())
    except ImportRefusedError as refusal:
        return refusal


def outcome(path: Path) -> tuple[str, Cohort | ImportRefusedError]:
    """Read a file, check that every line of it is accounted for, and name what came of it."""
    cohort = read_or_refuse(path)
    if isinstance(cohort, ImportRefusedError):
        assert (bool(cohort.rule), cohort.file) == (True, path.name)
        assert str(path.parent) not in str(cohort)
        return "refused", cohort
    (account,) = cohort.report.files.to_pylist()
    assert account["lines_read"] == account["loaded"] + account["rejected"] + account["skipped"]
    assert account["lines_read"] == data_lines(path)
    found = {row["outcome"] for row in cohort.report.findings.to_pylist()}
    return next((name for name in ("rejected", "warning") if name in found), "sound"), cohort


def data_lines(path: Path) -> int:
    """Count lines after the header, however they are read."""
    lines = path.read_bytes().removesuffix(b"\n").split(b"\n")
    header = next(n for n, line in enumerate(lines) if line.strip() and line[:2] != b"##")
    if lines[header].startswith(b"#") and not lines[header].startswith(b"#CHROM"):
        header = next(n for n, line in enumerate(lines) if line.strip() and line[:1] != b"#")
    return len(lines) - header - 1


@pytest.mark.parametrize("version", VERSIONS)
def test_valid_vcfs_are_read_without_a_rejected_line(data_root: Path, version: str) -> None:
    outcomes = {p.name: outcome(p) for p in corpus(data_root, "vcf-validator", version, "passed")}
    bad = {name: str(result) for name, (kind, result) in outcomes.items() if kind == "refused"}
    assert bad == {}
    assert {name for name, (kind, _) in outcomes.items() if kind == "rejected"} == set()


@pytest.mark.parametrize("version", VERSIONS)
def test_invalid_vcfs_are_refused_or_told(data_root: Path, version: str) -> None:
    files = corpus(data_root, "vcf-validator", version, "failed")
    kinds = Counter(outcome(path)[0] for path in files)
    print(f"{version}: of {len(files)} invalid files {dict(kinds)}")
    assert kinds["sound"] <= MAX_UNSEEN * len(files)
    assert kinds["refused"] >= 0.15 * len(files)


def test_files_of_callers_are_read(data_root: Path) -> None:
    paths = [p for p in corpus(data_root, "vcf2maf", "tests") if p.suffix == ".vcf"]
    for path in paths:
        kind, result = outcome(path)
        assert isinstance(result, Cohort), f"{path.name}: {result}"
        assert result.alterations.num_rows > 0, path.name
        assert result.samples.num_rows == 1, path.name
        assert kind in ("sound", "warning", "rejected")


@pytest.mark.parametrize("folder", ["vcf2maf", "genome-nexus-pipeline"])
def test_other_tables_are_read_or_refused_with_a_rule(data_root: Path, folder: str) -> None:
    paths = [p for p in corpus(data_root, folder) if p.suffix != ".vcf"]
    kinds = Counter(outcome(path)[0] for path in paths)
    print(f"{folder}: of {len(paths)} tables {dict(kinds)}")
    assert sum(kinds.values()) == len(paths)


def test_a_vcf_gives_the_calls_that_vcf2maf_made_of_it(data_root: Path) -> None:
    """The golden file is vcf2maf's own: its tests convert test_b38.vcf to test_b38_output.maf."""
    folder = data_root / "badinput" / "vcf2maf" / "tests"
    columns = ["hugo_symbol", "chromosome", "start_position", "reference_allele", "tumor_allele"]
    by_position = [("start_position", "ascending"), ("tumor_allele", "ascending")]
    ours, theirs = (
        read_input(folder / name, ReadOptions(), GeneTable.load()).alterations.sort_by(by_position)
        for name in ("test_b38.vcf", "test_b38_output.maf")
    )
    assert ours.select(columns).equals(theirs.select(columns))
    assert ours["vaf"].to_pylist() == pytest.approx(theirs["vaf"].to_pylist(), abs=1e-6)

from __future__ import annotations

import errno
import stat
from pathlib import Path

import pytest

from cache.errors import StoreBusyError
from dashboard.errors import NoMapError, report_error, rule_of
from engine.errors import ImportRefusedError, LayoutError


def test_a_refused_file_keeps_every_part_of_the_refusal(tmp_path: Path) -> None:
    error = ImportRefusedError(
        "the column is missing",
        file="a.maf",
        rule="missing-column",
        advice="Add it",
        line=3,
        column="Hugo_Symbol",
        value="x",
    )
    report = report_error(error, tmp_path)
    assert (report.rule, report.file, report.line) == ("missing-column", "a.maf", 3)
    assert (report.column, report.value, report.advice) == ("Hugo_Symbol", "x", "Add it")
    assert report.message.startswith("a.maf, line 3, column Hugo_Symbol: the column is missing")


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        (NoMapError("There is no map."), "no-map"),
        (LayoutError("Too few tumors."), "layout"),
        (StoreBusyError("Another import is publishing."), "store-busy"),
    ],
)
def test_named_errors_are_told_in_their_own_words(
    error: Exception, rule: str, tmp_path: Path
) -> None:
    report = report_error(error, tmp_path)
    assert (report.rule, report.message) == (rule, str(error))
    assert not (tmp_path / "logs").exists()


def test_rule_of_keeps_capital_words_together() -> None:
    class DNAReadError(Exception):
        pass

    assert rule_of(DNAReadError()) == "dna-read"


def test_a_full_disk_is_told_without_the_path(tmp_path: Path) -> None:
    error = OSError(errno.ENOSPC, "No space left on device", "/secret/place/file.duckdb")
    report = report_error(error, tmp_path)
    assert report.rule == "disk-full"
    assert report.file == "file.duckdb"
    assert "secret" not in report.message


def test_a_forbidden_file_is_told_by_its_name(tmp_path: Path) -> None:
    report = report_error(PermissionError(errno.EACCES, "denied", "/a/b.maf"), tmp_path)
    assert report.rule == "not-permitted"
    assert report.message.startswith("b.maf cannot be opened")


def test_used_up_memory_is_told(tmp_path: Path) -> None:
    assert report_error(MemoryError(), tmp_path).rule == "out-of-memory"


def test_an_unforeseen_error_is_recorded_and_its_text_not_shown(tmp_path: Path) -> None:
    try:
        raise RuntimeError("patient P-0001 in /secret")
    except RuntimeError as error:
        report = report_error(error, tmp_path)
    record = tmp_path / "logs" / f"{report.error_id}.txt"
    assert "patient P-0001" in record.read_text()
    assert "P-0001" not in report.message
    assert str(report.error_id) in report.message
    assert stat.S_IMODE(record.stat().st_mode) == 0o600


def test_an_unforeseen_error_is_told_even_when_it_cannot_be_recorded(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("no folder")
    report = report_error(RuntimeError("x"), home)
    assert report.rule == "unforeseen"
    assert "not recorded" in report.message

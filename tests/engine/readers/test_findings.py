from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from engine.readers.findings import FindingCollector, RowAccount, Rule

BAD = Rule("bad", "This is bad.")
ODD = Rule("odd", "This is odd.")


def account_of(num_rows: int, collector: FindingCollector) -> RowAccount:
    collector.begin("a.txt", num_rows)
    return RowAccount(collector, "a.txt", np.arange(num_rows, dtype=np.int64) + 2)


def test_a_row_leaves_by_the_first_rule_only() -> None:
    collector = FindingCollector()
    account = account_of(4, collector)
    account.reject(np.array([True, True, False, False]), BAD)
    account.skip(np.array([False, True, True, False]), ODD)
    assert account.load().tolist() == [3]
    (row,) = collector.build().files.to_pylist()
    assert row == {"file": "a.txt", "lines_read": 4, "loaded": 1, "rejected": 2, "skipped": 1}


def test_a_finding_shows_its_first_line_and_value() -> None:
    collector = FindingCollector()
    account = account_of(4, collector)
    values = pa.chunked_array([["a", "b"], ["c", "d"]])
    account.warn(np.array([False, False, True, True]), ODD, column="X", values=values)
    account.warn(np.array([False, True, False, False]), ODD, column="X", values=values)
    account.load()
    (finding,) = collector.build().findings.to_pylist()
    assert finding == {
        "file": "a.txt", "outcome": "warning", "rule": "odd", "count": 3, "line": 3,
        "column": "X", "value": "b", "message": "This is odd.",
    }  # fmt: skip


def test_rows_that_left_are_not_warned_of() -> None:
    collector = FindingCollector()
    account = account_of(2, collector)
    account.reject(np.array([True, True]), BAD)
    account.warn(np.array([True, False]), ODD)
    assert [row["rule"] for row in collector.build().findings.to_pylist()] == ["bad"]


def test_a_report_that_does_not_add_up_is_an_error() -> None:
    collector = FindingCollector()
    collector.begin("a.txt", 3)
    collector.load("a.txt", 2)
    with pytest.raises(AssertionError, match=r"a\.txt: 3 != 2"):
        collector.build()


def test_a_warning_without_lines_concerns_the_file() -> None:
    collector = FindingCollector()
    collector.begin("a.txt", 0)
    collector.warn("a.txt", ODD, values=["first", "second"])
    (finding,) = collector.build().findings.to_pylist()
    assert (finding["count"], finding["line"], finding["value"]) == (1, None, "first")


def test_no_lines_is_no_finding() -> None:
    collector = FindingCollector()
    collector.begin("a.txt", 0)
    collector.reject("a.txt", BAD, [])
    assert collector.build().findings.num_rows == 0


def test_values_are_shortened_and_made_visible() -> None:
    collector = FindingCollector()
    collector.begin("a.txt", 1)
    collector.reject("a.txt", BAD, 7, values="x\x00" + "y" * 200)
    (finding,) = collector.build().findings.to_pylist()
    assert finding["value"].startswith("x\ufffdy")
    assert len(finding["value"]) == 80


def test_the_refusal_of_a_file_tells_the_usual_reason() -> None:
    collector = FindingCollector()
    collector.begin("a.txt", 3)
    collector.reject("a.txt", BAD, 2, column="X", values="v")
    collector.skip("a.txt", ODD, [3, 4], column="Y", values="w")
    collector.warn("a.txt", Rule("far", "Far more often."), list(range(100)))
    refusal = collector.refusal("a.txt")
    assert str(refusal) == (
        "a.txt, line 3, column Y: no row can be taken in, mostly for this reason: This is odd "
        "(found 'w') [odd]. Correct the file and import it again."
    )

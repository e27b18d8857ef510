from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ImportRefusedError
from engine.readers.findings import FindingCollector
from engine.readers.options import Limits
from engine.readers.table import Columns, TextTable, read_table

WANTED = Columns(required={"a": ("A", "Alpha")}, optional={"b": ("B",), "c": ("C",)})


def read(
    folder: Path, content: str | bytes, columns: Columns | None = None, limits: Limits | None = None
) -> tuple[TextTable, FindingCollector]:
    path = folder / "t.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    collector = FindingCollector()
    table = read_table(path, limits or Limits(), collector, columns)
    table.account.load()
    return table, collector


def rules(collector: FindingCollector) -> dict[str, tuple[str, int, int]]:
    rows = collector.build().findings.to_pylist()
    return {row["rule"]: (row["outcome"], row["count"], row["line"]) for row in rows}


def test_nothing_is_missing_and_nothing_is_guessed(tmp_path: Path) -> None:
    table, _ = read(tmp_path, "A\tB\nNA\t1e5\nnull\t007\n\tTRUE\n")
    assert table["A"].to_pylist() == ["NA", "null", ""]
    assert table["B"].to_pylist() == ["1e5", "007", "TRUE"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_line_breaks(tmp_path: Path, end: str, last: str) -> None:
    content = end.join(["A\tB", "1\t2", "3\t4"]) + (end if last else "")
    table, collector = read(tmp_path, content)
    assert table["B"].to_pylist() == ["2", "4"]
    assert collector.build().files["lines_read"].to_pylist() == [2]


def test_line_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    table, collector = read(tmp_path, "#version\n\n#x\nA\tB\n1\t2\n\n3\n4\t5\n" + "6\t7\n" * 9)
    assert table.header_line == 4
    assert table.comments == ("#version", "#x")
    assert table.account.line_numbers.tolist()[:3] == [5, 8, 9]
    assert rules(collector) == {
        "blank-line": ("skipped", 1, 6),
        "column-count": ("rejected", 1, 7),
    }


def test_lines_of_tabs_or_blanks_only_are_blank(tmp_path: Path) -> None:
    _, collector = read(tmp_path, "A\tB\n1\t2\n\t\n   \n\t\t\t\n")
    assert rules(collector) == {"blank-line": ("skipped", 3, 3)}


def test_a_quote_that_closes_900_rows_later_swallows_nothing(tmp_path: Path) -> None:
    rows = [f"{n}\tx" for n in range(1, 1001)]
    rows[10] = '11\t"opens'
    rows[910] = '911\tcloses"'
    table, collector = read(tmp_path, "A\tB\n" + "\n".join(rows) + "\n")
    assert table.rows.num_rows == 1000
    assert collector.build().files["loaded"].to_pylist() == [1000]
    assert rules(collector) == {"stray-quote": ("warning", 2, 12)}
    assert table["B"][10].as_py() == '"opens'


def test_quotes_around_fields_are_taken_away_and_told(tmp_path: Path) -> None:
    table, collector = read(tmp_path, '"A"\t"B"\n"KRAS"\t"say ""no"""\n""\t5\n')
    assert table["A"].to_pylist() == ["KRAS", ""]
    assert table["B"].to_pylist() == ['"say ""no"""', "5"]
    assert rules(collector)["quoted-field"] == ("warning", 2, 2)


def test_columns_are_found_without_case_and_renamed(tmp_path: Path) -> None:
    table, _ = read(tmp_path, "b\tALPHA\tz\n1\t2\t3\n", WANTED)
    assert table.rows.to_pydict() == {"a": ["2"], "b": ["1"]}
    assert table.written == {"a": "ALPHA", "b": "b"}
    assert "c" not in table


def test_a_missing_column_is_named_with_its_near_match(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="the column Alpha is missing") as caught:
        read(tmp_path, "Alhpa\tB\n1\t2\n", Columns(required={"a": ("Alpha",)}))
    assert caught.value.advice == "Rename the column 'Alhpa'"
    assert (caught.value.line, caught.value.rule) == (1, "missing-column")


@pytest.mark.parametrize(
    ("content", "rule", "match"),
    [
        ("", "empty-file", "the file is empty"),
        ("\n\n", "empty-file", "the file is empty"),
        ("#only\n", "empty-file", "the file is empty"),
        ("A\tB\n", "header-only", "no row"),
        ("A\tB\n\n\n", "header-only", "no row"),
        ("A,B\n1,2\n", "wrong-delimiter", "1 commas and no tab"),
        ("A;B;C\n1;2;3\n", "wrong-delimiter", "2 semicolons and no tab"),
        ("A B C D\n1 2 3 4\n", "wrong-delimiter", "3 spaces and no tab"),
        ("A\n1\n", "wrong-delimiter", "a single column"),
        ("A\tB\ta\n1\t2\t3\n", "repeated-column", "stands twice"),
        ("A\tB\n1\n2\n3\t4\n", "column-count", "2 of 3 rows"),
        ("A\tB\tC\n1\t2\t3\n", "too-many-columns", "3 columns"),
    ],
)
def test_files_that_are_no_table(tmp_path: Path, content: str, rule: str, match: str) -> None:
    with pytest.raises(ImportRefusedError, match=match) as caught:
        read(tmp_path, content, limits=Limits(max_columns=2 if rule == "too-many-columns" else 9))
    assert caught.value.rule == rule
    assert caught.value.file == "t.txt"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_other_encodings_are_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(ImportRefusedError, match="UTF-8") as caught:
        read(tmp_path, "A\tB\n1\tMerkel é\n".encode(encoding))
    assert caught.value.rule == "encoding"


def test_latin_1_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="UTF-8") as caught:
        read(tmp_path, b"A\tB\n1\t2\n3\tcaf\xe9\n")
    assert caught.value.line == 3
    assert caught.value.value == "3\ufffdcaf\ufffd"


def test_a_utf8_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    table, _ = read(tmp_path, "\ufeffA\tB\n1\t2\n", WANTED)
    assert table["a"].to_pylist() == ["1"]


def test_a_carriage_return_inside_a_line_leaves_the_line_out(tmp_path: Path) -> None:
    table, collector = read(tmp_path, "A\tB\n1\tx\ry\n2\tz\n" + "3\tw\n" * 9)
    assert table["A"].to_pylist()[0] == "2"
    assert rules(collector) == {"stray-carriage-return": ("rejected", 1, 2)}


def test_gzip_is_read_and_has_the_digest_of_its_content(tmp_path: Path) -> None:
    content = b"A\tB\n1\t2\n"
    plain, _ = read(tmp_path, content)
    packed, _ = read(tmp_path, gzip.compress(content))
    assert packed["B"].to_pylist() == ["2"]
    assert packed.digest == plain.digest


def test_rows_longer_than_a_block_are_read(tmp_path: Path) -> None:
    long = "x" * (1 << 23)
    table, _ = read(tmp_path, f"A\tB\n1\t{long}\n2\ty\n")
    assert table["B"].to_pylist() == [long, "y"]


field = st.text(
    st.characters(codec="utf-8", exclude_characters="\t\n\r", exclude_categories=["Zs", "Cc"]),
    min_size=1, max_size=8,
).filter(lambda text: '"' not in text and text.strip() == text)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(field, field), min_size=1, max_size=30))
def test_every_field_comes_back_as_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    body = "".join(f"{a}\t{b}\n" for a, b in rows)
    table, _ = read(tmp_path_factory.mktemp("t"), "A\tB\n" + body)
    assert table["A"].to_pylist() == [a for a, _ in rows]
    assert table["B"].to_pylist() == [b for _, b in rows]


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(st.sampled_from(["1\t2", "", "1", "1\t2\t3", '"\t"', "\t"]), min_size=1))
def test_every_line_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    content = "A\tB\n" + "".join(f"{line}\n" for line in [*lines, "5\t6"])
    limits = Limits(max_broken_share=1.0)
    _, collector = read(tmp_path_factory.mktemp("t"), content, limits=limits)
    (row,) = collector.build().files.to_pylist()
    assert row["lines_read"] == content.count("\n") - 1
    assert row["rejected"] == sum(line in ("1", "1\t2\t3") for line in lines)
    assert row["skipped"] == sum(line in ("", "\t") for line in lines)

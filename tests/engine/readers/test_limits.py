from __future__ import annotations

import gzip
import io
import os
import random
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from engine.errors import ImportRefusedError
from engine.readers.limits import member, open_text
from engine.readers.options import Limits

TEXT = b"".join(b"%d\tKRAS\t%d\n" % (row, row * 7919 % 104729) for row in range(5_000))


def read(path: Path, **limits: int) -> bytes:
    with open_text(path, Limits(**limits)) as stream:
        return b"".join(iter(lambda: stream.read(4096), b""))


def write(folder: Path, content: bytes, name: str = "calls.maf") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def bomb(folder: Path, num_bytes: int) -> Path:
    """Write a gzip file of blanks, which shrink a thousandfold."""
    path = folder / "bomb.maf.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        for _ in range(num_bytes >> 20):
            file.write(b" \n" * (1 << 19))
    return path


def test_plain_text_comes_back_as_it_is(tmp_path: Path) -> None:
    assert read(write(tmp_path, TEXT)) == TEXT


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    assert read(write(tmp_path, gzip.compress(TEXT), "calls.maf")) == TEXT


def test_all_members_of_a_gzip_are_read(tmp_path: Path) -> None:
    blocks = gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]) + gzip.compress(b"")
    assert read(write(tmp_path, blocks)) == TEXT


def test_an_empty_file_is_an_empty_stream(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"")) == b""


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.999])
def test_truncated_gzip_names_the_line_reached(tmp_path: Path, kept: float) -> None:
    packed = gzip.compress(TEXT)
    with pytest.raises(
        ImportRefusedError, match=r"line \d+: the gzip data end too early"
    ) as caught:
        read(write(tmp_path, packed[: int(len(packed) * kept)]))
    assert caught.value.rule == "truncated-gzip"
    assert 1 <= (caught.value.line or 0) <= 5_001


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(ImportRefusedError, match="gzip data"):
        read(write(tmp_path, bytes(packed)))


def test_a_bomb_is_refused_at_once(tmp_path: Path) -> None:
    path = bomb(tmp_path, 200 << 20)
    start = time.monotonic()
    with pytest.raises(ImportRefusedError, match="more than 100 times its size") as caught:
        read(path)
    assert time.monotonic() - start < 2
    assert caught.value.rule == "expansion"


def test_a_small_repetitive_file_is_no_bomb(tmp_path: Path) -> None:
    content = b"0\t" * 100_000 + b"\n"
    packed = gzip.compress(content)
    assert len(content) > 100 * len(packed)
    assert read(write(tmp_path, packed)) == content


def test_a_bomb_behind_honest_data_is_refused(tmp_path: Path) -> None:
    noise = random.Random(0).randbytes(20_000).hex().encode() + b"\n"
    path = write(tmp_path, gzip.compress(noise) + bomb(tmp_path, 64 << 20).read_bytes())
    with pytest.raises(ImportRefusedError, match="more than 100 times its size"):
        read(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_too_many_bytes_are_refused(tmp_path: Path, pack: type[bytes]) -> None:
    with pytest.raises(ImportRefusedError, match="more than 0 MiB") as caught:
        read(write(tmp_path, pack(TEXT)), max_bytes=1000)
    assert caught.value.rule == "too-large"


def test_too_many_lines_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="more than 4,999 lines") as caught:
        read(write(tmp_path, TEXT), max_rows=4_999)
    assert caught.value.rule == "too-many-rows"
    assert read(write(tmp_path, TEXT), max_rows=5_000) == TEXT


def archive(kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr("../../evil.maf", TEXT)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz" if kind == "tar.gz" else "w") as tar:
            tar.addfile(tarfile.TarInfo("../../evil.maf"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "found"),
    [("zip", "a zip archive or an Excel workbook"), ("tar", "a tar"), ("tar.gz", "a tar")],
)
def test_archives_are_refused_with_advice(tmp_path: Path, kind: str, found: str) -> None:
    with pytest.raises(ImportRefusedError, match=f"this is {found}.*Unpack or convert") as caught:
        read(write(tmp_path, archive(kind)))
    assert caught.value.rule == "archive"


def test_bcf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"a BCF file \(binary VCF\)"):
        read(write(tmp_path, gzip.compress(b"BCF\x02\x02" + TEXT)))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(ImportRefusedError, match="expected UTF-8 text") as caught:
        read(write(tmp_path, "Hugo_Symbol\tSample\n".encode(encoding)))
    assert caught.value.rule == "encoding"


def test_carriage_returns_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="carriage returns only") as caught:
        read(write(tmp_path, TEXT.replace(b"\n", b"\r")))
    assert caught.value.rule == "line-breaks"


def test_a_link_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link.maf"
    link.symlink_to(write(tmp_path, TEXT))
    with pytest.raises(ImportRefusedError, match=r"link\.maf: this is a symbolic link"):
        read(link)


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "pipe.maf"
    os.mkfifo(path)
    start = time.monotonic()
    with pytest.raises(ImportRefusedError, match="no regular file"):
        read(path)
    assert time.monotonic() - start < 2


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="no regular file"):
        read(tmp_path)


def test_a_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"^gone\.maf: there is no such file") as caught:
        read(tmp_path / "gone.maf")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "..\\x", "C:\\x", "", "a\0b"])
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportRefusedError, match="leads out of the study folder") as caught:
        member(tmp_path, name)
    assert caught.value.rule == "path-outside-folder"


def test_a_member_behind_a_linked_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    study = tmp_path / "study"
    study.mkdir()
    (study / "panels").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ImportRefusedError, match="symbolic link"):
        member(study, "panels/x.txt")


def test_a_member_may_lie_in_a_folder_of_the_study(tmp_path: Path) -> None:
    assert member(tmp_path, "gene_panels/x.txt") == tmp_path / "gene_panels" / "x.txt"

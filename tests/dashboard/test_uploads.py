from __future__ import annotations

import io
from pathlib import Path

import pytest

from dashboard.errors import UploadRefusedError
from dashboard.uploads import Upload, discard_upload, safe_name, save_uploads

JOB = "20260102-030405-abcdef"


def _upload(name: str, content: bytes = b"x") -> Upload:
    return Upload(name=name, content=io.BytesIO(content))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("tumor.maf.gz", "tumor.maf.gz"),
        ("C:\\data\\tumör 1.maf", "C_/data/tum_r_1.maf"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        (".hidden", "hidden"),
        ("a\x00b\n.maf", "a_b_.maf"),
        ("study/data_mutations.txt", "study/data_mutations.txt"),
        ("n" * 300 + ".maf", "n" * 116 + ".maf"),
    ],
)
def test_names_are_made_safe(given: str, kept: str) -> None:
    assert str(safe_name(given)) == kept


@pytest.mark.parametrize("name", ["", "..", "/", "a/b/c/d/e.maf"])
def test_unusable_names_are_refused(name: str) -> None:
    with pytest.raises(UploadRefusedError, match="cannot be used"):
        safe_name(name)


def test_one_file_is_returned_itself(tmp_path: Path) -> None:
    path = save_uploads(tmp_path, JOB, [_upload("a.maf", b"content")])
    assert path == tmp_path / "uploads" / JOB / "a.maf"
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_is_returned_as_a_folder(tmp_path: Path) -> None:
    names = ["study/meta_study.txt", "study/gene_panels/a.txt"]
    path = save_uploads(tmp_path, JOB, [_upload(name) for name in names])
    assert path == tmp_path / "uploads" / JOB / "study"
    assert (path / "gene_panels" / "a.txt").is_file()


def test_files_without_a_folder_share_the_jobs_folder(tmp_path: Path) -> None:
    path = save_uploads(tmp_path, JOB, [_upload("meta_study.txt"), _upload("data_cna.txt")])
    assert path == tmp_path / "uploads" / JOB


def test_two_files_of_one_name_are_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with pytest.raises(UploadRefusedError, match=r"would both be called a_b\.maf"):
        save_uploads(tmp_path, JOB, [_upload("a b.maf"), _upload("a_b.maf")])
    assert not (tmp_path / "uploads").exists()


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UploadRefusedError, match="at most 2,000"):
        save_uploads(tmp_path, JOB, [_upload(f"{i}.maf") for i in range(2001)])


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        save_uploads(tmp_path, JOB, [Upload(name="a.maf", content=Broken())])
    assert not (tmp_path / "uploads" / JOB).exists()


def test_discarding_twice_is_harmless(tmp_path: Path) -> None:
    save_uploads(tmp_path, JOB, [_upload("a.maf")])
    discard_upload(tmp_path, JOB)
    discard_upload(tmp_path, JOB)
    assert not (tmp_path / "uploads" / JOB).exists()

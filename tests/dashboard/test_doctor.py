from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dashboard.doctor import check_device
from dashboard.outcomes import Check, Status
from dashboard.service import Service
from kernels.choice import current_wish


def _check(service: Service, name: str) -> Check:
    return next(check for check in service.doctor() if check.name == name)


def test_an_empty_home_is_well_and_told_how_to_begin(service: Service) -> None:
    checks = service.doctor()
    assert [check.name for check in checks] == [
        *("versions", "device", "kernels", "weights", "home", "disk"),
        *("snapshot", "studies", "map", "jobs", "workspace"),
    ]
    assert not [check for check in checks if check.status is Status.FAIL]
    assert "tumorxy demo" in _check(service, "studies").advice


def test_versions_name_what_a_result_depends_on(service: Service) -> None:
    found = _check(service, "versions").found
    assert "torch 2" in found
    assert "duckdb" in found


def test_the_device_that_embeds_is_told(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "NVIDIA H200")
    assert "tumors are embedded on NVIDIA H200" in check_device().found
    monkeypatch.undo()
    assert "CPU cores" in _check(service, "device").found


def test_the_kernels_and_the_reason_for_them_are_told(service: Service) -> None:
    found = _check(service, "kernels").found
    assert "packed attention" in found
    assert "(" in found


def test_a_kernel_that_is_none_fails(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUMORXY_KERNELS", "cudnn")
    current_wish.cache_clear()
    check = _check(service, "kernels")
    current_wish.cache_clear()
    assert check.status is Status.FAIL
    assert "Set it to one of auto, reference" in check.found


def test_changed_weights_fail(
    service: Service, installed_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = Path(shutil.copytree(installed_model, tmp_path / "weights"))
    weights = damaged / "encoder.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    monkeypatch.setattr("engine.weights.SHIPPED", damaged)
    check = _check(service, "weights")
    assert check.status is Status.FAIL
    assert "encoder.safetensors has the digest" in check.found


def test_a_changed_snapshot_fails(with_study: Service) -> None:
    info = with_study.store.snapshot()
    assert info is not None
    with info.path.open("r+b") as file:
        file.seek(info.size_bytes // 2)
        file.write(b"\xff" * 64)
    check = _check(with_study, "snapshot")
    assert check.status is Status.FAIL
    assert check.advice


def test_a_home_open_to_others_is_warned_of(service: Service) -> None:
    service.home.chmod(0o755)
    check = _check(service, "home")
    assert (check.status, check.advice) == (Status.WARN, "chmod 700 home")


def test_little_space_is_warned_of(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(service.home)._replace(free=1 << 20)
    monkeypatch.setattr("dashboard.doctor.shutil.disk_usage", lambda path: usage)
    assert _check(service, "disk").status is Status.WARN


def test_studies_are_counted_real_and_synthetic_apart(with_study: Service) -> None:
    check = _check(with_study, "studies")
    assert check.found == "0 imported with 0 tumors, 1 synthetic with 60"

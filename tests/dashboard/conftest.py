from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dashboard.service import Service
from tests.dashboard.finetunable import add_directions
from tests.dashboard.studies import draw_cohort, save_small_model


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small random encoder."""
    directory = tmp_path_factory.mktemp("weights")
    save_small_model(directory)
    return directory


def install(patch: pytest.MonkeyPatch, model: Path) -> None:
    """Let a model be the installed one."""
    # `engine.embed` takes the name from `engine.weights` when it is imported: so it comes first.
    patch.setattr("engine.embed.SHIPPED", model)
    patch.setattr("engine.weights.SHIPPED", model)


@pytest.fixture
def installed_model(small_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the small encoder be the installed one."""
    install(monkeypatch, small_model)
    return small_model


@pytest.fixture
def service(tmp_path: Path, installed_model: Path) -> Service:
    """Return a service on an empty home."""
    return Service(tmp_path / "home")


@pytest.fixture
def with_study(service: Service) -> Service:
    """Return a service that holds the study `first` with 60 tumors."""
    service.import_cohort(draw_cohort("first", 60))
    return service


@pytest.fixture(scope="session")
def mapped_home(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Path:
    """Return a home with the study `first`, embedded and on the map `main`; do not change it."""
    home = tmp_path_factory.mktemp("mapped") / "home"
    with pytest.MonkeyPatch.context() as patch:
        install(patch, small_model)
        service = Service(home)
        service.import_cohort(draw_cohort("first", 60))
        service.embed()
        service.layout()
    return home


@pytest.fixture
def mapped(tmp_path: Path, mapped_home: Path, installed_model: Path) -> Service:
    """Return a service on a copy of `mapped_home`."""
    return Service(Path(shutil.copytree(mapped_home, tmp_path / "home")))


@pytest.fixture(scope="session")
def finetunable(
    tmp_path_factory: pytest.TempPathFactory, small_model: Path, mapped_home: Path
) -> tuple[Path, Path]:
    """Return a home on a map of 60 tumors, and its model with directions; do not change them."""
    folder = tmp_path_factory.mktemp("finetunable")
    model = Path(shutil.copytree(small_model, folder / "model"))
    home = Path(shutil.copytree(mapped_home, folder / "home"))
    with pytest.MonkeyPatch.context() as patch:
        install(patch, small_model)
        add_directions(Service(home), model)
        install(patch, model)
        service = Service(home)
        service.embed()
        service.layout()
    return home, model


@pytest.fixture
def ready(
    tmp_path: Path, finetunable: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Service:
    """Return a service on a copy of `finetunable`."""
    home, model = finetunable
    install(monkeypatch, model)
    return Service(Path(shutil.copytree(home, tmp_path / "home")))

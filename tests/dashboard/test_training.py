from __future__ import annotations

from pathlib import Path

import pytest

from cache.errors import StudyNotFoundError
from dashboard.errors import NothingToDoError, SourceNotFoundError
from dashboard.service import Service
from dashboard.training import stored_studies, study_folders
from engine.progress import no_progress


def test_stored_studies_are_read_as_they_were_imported(with_study: Service) -> None:
    [(name, study)] = stored_studies(with_study.store, ["first"]).items()
    assert name == "first"
    assert study.tables.genome == "GRCh37"
    assert study.tables.samples.num_rows == 60
    assert study.clinical.column_names == ["sample_id", "attribute", "value"]


def test_a_study_that_is_not_imported_is_refused(with_study: Service) -> None:
    with pytest.raises(StudyNotFoundError, match="absent"):
        stored_studies(with_study.store, ["absent"])


def test_an_empty_store_points_to_folders(service: Service) -> None:
    with pytest.raises(NothingToDoError, match="point to their folders with --data DIR"):
        stored_studies(service.store, ["first"])


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="holds no study folder 'absent'"):
        study_folders(tmp_path, ["absent"], no_progress)

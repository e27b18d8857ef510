from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.downloads import Making
from dashboard.errors import ExportError, ReportError


def test_a_file_that_is_made_has_no_problem(tmp_path: Path) -> None:
    making = Making()
    assert making.run(lambda: b"a,b", tmp_path) == b"a,b"
    assert making.wait(0)
    assert making.take_problem() is None


def test_a_named_error_is_told_once_in_its_own_words(tmp_path: Path) -> None:
    def make() -> bytes:
        raise ReportError("There is no such form. Ask for pdf.")

    making = Making()
    assert making.take_problem() is None
    with pytest.raises(ExportError, match=r"There is no such form\. Ask for pdf\."):
        making.run(make, tmp_path)
    assert making.take_problem() == "There is no such form. Ask for pdf."
    assert making.take_problem() is None
    assert not making.wait(0)


def test_an_unforeseen_error_is_recorded_and_its_text_stays_on_the_server(tmp_path: Path) -> None:
    def make() -> bytes:
        raise ValueError("value of a patient")

    making = Making()
    with pytest.raises(ExportError) as raised:
        making.run(make, tmp_path)
    assert "value of a patient" not in str(raised.value)
    assert raised.value.__suppress_context__
    assert making.take_problem() == str(raised.value)


def page() -> None:
    import contextlib
    import threading
    from unittest import mock

    from dashboard.downloads import offer_download
    from dashboard.errors import ExportError, ReportError

    def make() -> bytes:
        raise ReportError("The report cannot be made. Import the study again.")

    def click(_label: str, *, data, **_looks) -> bool:  # as the browser and Streamlit do it
        def run() -> None:
            with contextlib.suppress(ExportError):
                data()

        threading.Timer(0.2, run).start()
        return True

    with mock.patch("streamlit.download_button", click):
        offer_download("PDF", make, file_name="a.pdf", mime="application/pdf", key="one")


def test_the_page_says_why_there_is_no_file() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    [toast] = app.toast
    assert toast.value == r"The report cannot be made\. Import the study again\."


def slow_page() -> None:
    import threading
    from unittest import mock

    from dashboard.downloads import offer_download

    def click(_label: str, *, data, **_looks) -> bool:
        threading.Timer(1.5, data).start()
        return True

    with mock.patch("streamlit.download_button", click):
        offer_download("CSV", lambda: b"a", file_name="a.csv", key="one")


def test_a_file_that_takes_long_is_announced() -> None:
    app = AppTest.from_function(slow_page, default_timeout=30).run()
    assert not app.exception
    assert [toast.value for toast in app.toast] == ["The file is being made. It comes by itself."]

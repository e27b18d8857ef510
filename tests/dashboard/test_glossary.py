"""One definition of each term: tooltips take it from the glossary."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.glossary import TERMS, meaning

DASHBOARD = Path(__file__).parents[2] / "dashboard"
SOURCES = ("glossary.py", "wording.py")
"""Where definitions stand."""

TREES = {
    path.relative_to(DASHBOARD).as_posix(): ast.parse(path.read_text())
    for path in sorted(DASHBOARD.rglob("*.py"))
}
RUN = 8
"""Words in a row that two texts share by copying only."""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def texts(tree: ast.AST) -> Iterator[str]:
    """Return what a reader may be shown: every text that is no documentation of the code."""
    documented = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        said = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if said and node not in documented:
            yield node.value


def runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def asked() -> list[tuple[str, str]]:
    """Return file and term of each call of `meaning` that names its term."""
    return [
        (name, call.args[0].value)
        for name, tree in TREES.items()
        for call in calls(tree)
        if isinstance(call.func, ast.Name)
        and call.func.id == "meaning"
        and isinstance(call.args[0], ast.Constant)
    ]


@pytest.mark.parametrize(("file", "term"), asked())
def test_a_page_asks_for_a_term_that_is_there(file: str, term: str) -> None:
    assert term in TERMS, file


def test_the_pages_take_their_tooltips_from_the_glossary() -> None:
    assert len({term for _, term in asked()}) >= 30


@pytest.mark.parametrize("file", [name for name in TREES if name not in SOURCES])
def test_no_page_says_a_definition_again(file: str) -> None:
    said = set().union(*(runs(text) for text in texts(TREES[file])))
    again = {term for term, text in TERMS.items() if runs(text) & said}
    assert not again, f"{file}: use meaning() for {sorted(again)}"


@pytest.mark.parametrize("file", [name for name in TREES if name not in SOURCES])
def test_no_page_defines_a_term_in_its_own_words(file: str) -> None:
    names = "|".join(re.escape(term) for term in TERMS)
    begins = re.compile(rf"^\W*({names})s?\W*(: | is | means )\w", re.IGNORECASE)
    helps = [
        word.value for call in calls(TREES[file]) for word in call.keywords if word.arg == "help"
    ]
    found = [text for help_ in helps for text in texts(help_) if begins.match(text)]
    assert not found, f"{file}: move the definition to the glossary"


@pytest.mark.parametrize("file", [name for name in TREES if name not in SOURCES])
def test_what_is_named_like_a_term_is_explained_by_it(file: str) -> None:
    """A widget, column or figure whose title is a term has the term's own tooltip."""
    for call in calls(TREES[file]):
        titles = [a.value for a in call.args[:1] if isinstance(a, ast.Constant)]
        helps = [word.value for word in call.keywords if word.arg == "help"]
        for title, help_ in ((t, h) for t in titles for h in helps):
            if title in TERMS and isinstance(help_, ast.Constant | ast.JoinedStr):
                assert "meaning" in ast.dump(help_), f"{file}: {title}"


def test_a_tooltip_may_add_what_holds_here() -> None:
    assert meaning("n", "Here: patients.") == f"{TERMS['n']} Here: patients."

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from dashboard.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKE_TARGETS = sorted(set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", README, re.MULTILINE)))
COMMANDS = sorted(set(re.findall(r"`?tumorxy ([a-z]+)", README)))


@pytest.mark.parametrize("target", ["".join(names) for names in MAKE_TARGETS])
def test_make_targets_of_the_readme_exist(target: str) -> None:
    run = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_of_the_readme_exist(name: str) -> None:
    command = get_command(app)
    assert name in command.commands  # type: ignore[attr-defined]


def test_every_command_is_in_the_readme() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert {name for name, command in commands.items() if not command.hidden} == set(COMMANDS)


@pytest.mark.parametrize("name", re.findall(r"\]\(([^)#]+)\)", README))
def test_files_that_the_readme_links_exist(name: str) -> None:
    if not name.startswith("http"):
        assert (ROOT / name).exists()


def test_every_page_is_in_the_readme() -> None:
    pages = [p.stem for p in (ROOT / "dashboard" / "app_pages").glob("[!_]*.py")]
    missing = [page for page in pages if f"**{page.capitalize()}**" not in README]
    assert missing == []


def test_every_dependency_earns_its_place_in_the_table() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = project.split("dependencies = [", 1)[1].split("]", 1)[0]
    names = re.findall(r'"([A-Za-z0-9_-]+)', block)
    rows = [line.split("|")[1] for line in README.splitlines() if line.startswith("| ")]
    told = {name.strip() for row in rows for name in row.split(",")}
    missing = [name for name in names if name not in told]
    assert missing == []


def test_research_use_is_stated_at_the_top() -> None:
    assert "Research use only" in README[:1500]

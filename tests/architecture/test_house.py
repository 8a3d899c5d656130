"""Promises of the house: locked packages, documented settings, known requirement ids, nothing personal to a machine."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INDEX = (ROOT / "docs" / "requirements-index.md").read_text()


def test_lock_holds_a_hash_for_every_package_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pinned = re.findall(r"^[a-z0-9][\w.-]*==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)

    assert len(pinned) == len(re.findall(r"^[a-z0-9][\w.-]*==", lock, re.MULTILINE)) > 50
    assert "://" not in lock
    assert not re.search(r"^\s*--(index-url|extra-index-url|find-links|trusted-host)", lock, re.MULTILINE)


def test_lock_agrees_with_the_declared_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = dict(
        re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    )
    plain = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in locked.items()}

    for requirement in declared:
        name, _, version = re.sub(r"\[.*?\]", "", requirement).partition("==")
        found = plain.get(re.sub(r"[-_.]+", "-", name).lower())
        assert found == (version or found), f"run make lock: {requirement} is not what is locked ({found})"
        assert found is not None, f"run make lock: {requirement} is missing"


def test_npm_lock_has_integrity_for_every_package_and_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    fetched = {name: package for name, package in packages.items() if name}

    assert fetched
    assert all(package.get("integrity") for package in fetched.values())
    assert not [name for name, package in fetched.items() if "://" in package.get("resolved", "")]


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_every_setting_is_documented(readme: str) -> None:
    source = (ROOT / "engine" / "config.py").read_text()
    settings = {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"CHANGLING_[A-Z_]+|[A-Z]+(_[A-Z]+)*_URL", node.value)
    }
    text = (ROOT / readme).read_text()

    assert len(settings) >= 9
    assert not [name for name in sorted(settings) if f"`{name}`" not in text]


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)`", (ROOT / "README.md").read_text()))

    assert {"setup", "run", "test", "check"} <= named
    assert named <= targets


def test_every_folder_of_the_readme_exists() -> None:
    named = re.findall(r"^\| `([\w/]+/)`", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert len(named) >= 5
    assert not [folder for folder in named if not (ROOT / folder).is_dir()]


def test_requirement_ids_of_tests_stand_in_the_index() -> None:
    known = set(re.findall(r"^- \*\*([A-Z]+-\d\d)\*\*", INDEX, re.MULTILINE))
    used = {
        (constant.value, path.name)
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.req"
        for constant in node.args
        if isinstance(constant, ast.Constant)
    }

    assert used
    assert not sorted(pair for pair in used if pair[0] not in known)


def test_no_tracked_file_names_a_folder_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("不是 git 检出 (not a git checkout)")
    machine = re.compile(rb"(?<![\w.])/(work|home|Users)/\w")
    found = [
        name
        for name in listed.stdout.split("\0")
        if name and (ROOT / name).is_file() and machine.search((ROOT / name).read_bytes())
    ]

    assert not found


def test_every_name_of_the_glossary_stands_in_the_code() -> None:
    rows = re.findall(r"^\|.*\| ([^|]*) \|$", (ROOT / "docs" / "GLOSSARY.md").read_text(), re.MULTILINE)
    names = {
        word for row in rows for code in re.findall(r"`([^`]+)`", row) for word in re.findall(r"\w{3,}", code)
    }
    places = [
        path
        for room in ("engine", "processes")
        for path in (ROOT / room).rglob("*")
        if path.suffix in (".py", ".yaml", ".bpmn", ".form")
    ]
    text = "\n".join([*(path.read_text() for path in places), *(path.name for path in places)])
    # a word as it stands, without its outer underscores, or the end of it after one
    parts = {word.rstrip("_").split("_", at)[-1] for word in set(re.findall(r"\w+", text)) for at in range(9)}

    assert len(names) > 80
    assert not sorted(names - parts)

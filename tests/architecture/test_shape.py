"""The shape of the code: short files, short functions, documented names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text()
    for room in ("engine", "web")
    for path in sorted((ROOT / room).rglob("*.py"))
    if path.parent.name != "versions"
}
LINES_OF_A_FUNCTION_MAX = 60
LINES_OF_A_FILE_MAX = 400

type_of_function = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_files_are_at_most_400_lines() -> None:
    lengths = {name: len(text.splitlines()) for name, text in SOURCES.items()}

    assert not {name: length for name, length in lengths.items() if length > LINES_OF_A_FILE_MAX}


def test_functions_are_at_most_one_screen() -> None:
    long = [
        f"{name}:{node.lineno} {node.name}: {_lines(node)} lines"
        for name, text in SOURCES.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, type_of_function) and _lines(node) > LINES_OF_A_FUNCTION_MAX
    ]

    assert not long


def test_every_public_name_is_documented() -> None:
    assert not [
        f"{name}: {missing}" for name, text in SOURCES.items() for missing in _undocumented(ast.parse(text))
    ]


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _undocumented(tree: ast.Module) -> Iterator[str]:
    if tree.body and not ast.get_docstring(tree):
        yield "the module"
    for node in tree.body:
        yield from _undocumented_in(node, "")


def _undocumented_in(node: ast.stmt, owner: str) -> Iterator[str]:
    if not isinstance(node, (*type_of_function, ast.ClassDef)) or node.name.startswith("_"):
        return
    if not ast.get_docstring(node) and not _repeats_a_documented_name(node):
        yield f"{owner}{node.name} line {node.lineno}"
    if isinstance(node, ast.ClassDef):
        for member in node.body:
            yield from _undocumented_in(member, f"{node.name}.")


def _repeats_a_documented_name(node: ast.stmt) -> bool:
    """An override or an overload: its docstring stands where the name was first declared."""
    if not isinstance(node, type_of_function):
        return False
    names = {ast.unparse(decorator).rsplit(".", 1)[-1] for decorator in node.decorator_list}
    return bool(names & {"override", "overload", "setter"})

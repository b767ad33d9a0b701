"""The house rules that import-linter can't say, each a function from a checkout to its findings.

A finding is one line, `path:line what is wrong`. The functions take the checkout as an argument, so that the table of
planted violations can run them on a damaged copy.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "sre_copilot"
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
MAX_EXCUSED = 5
VAGUE_NAMES = {"base", "common", "core", "helper", "helpers", "misc", "service", "services", "util", "utils"}

# What domain and application may import besides each other: nothing here reads a clock, draws a number, opens a file
# or speaks to anybody.
PURE_LIBRARIES = {
    "abc", "attrs", "base64", "bisect", "collections", "contextlib", "copy", "datetime", "decimal", "enum",
    "fractions", "functools", "graphlib", "hashlib", "heapq", "hmac", "inspect", "ipaddress", "itertools", "json",
    "math", "numbers", "operator", "re", "statistics", "string", "sys", "textwrap", "types", "typing", "unicodedata",
    "urllib.parse", "uuid",
}  # fmt: skip
WORLDLY_LIBRARIES = {"logging", "os", "random", "secrets", "time"}
CLOCKS_AND_IDS = {f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")} | {"datetime.date.today"} | {
    f"uuid.{name}" for name in ("uuid1", "uuid4", "uuid6", "uuid7", "uuid8", "getnode")
}  # fmt: skip
BELOW_ADAPTERS = ("domain", "application", "hookspecs.py")
DOCUMENTED = ("domain", "application", "hookspecs.py", "testing")
# The plugin gateway and the process edge.
BROAD_EXCEPT_HOMES = (f"{PACKAGE}/adapters/integrations/", f"{PACKAGE}/entrypoints/")


def impure_imports(checkout: Path) -> list[str]:
    """Imports of domain and application that are not on the allow-list."""
    found = []
    for path in _modules(checkout, "domain", "application"):
        for name, line in _imported(_parse(path)):
            allowed = name.split(".")[0] in {PACKAGE, *PURE_LIBRARIES} or any(
                name == library or name.startswith(f"{library}.") for library in PURE_LIBRARIES
            )
            if not allowed:
                found.append(f"{path.relative_to(checkout)}:{line} imports {name}")
    return found


def clocks_and_chance(checkout: Path) -> list[str]:
    """Readings of a clock, random numbers and ids, the environment or a log below the adapters."""
    found = []
    for path in _modules(checkout, *BELOW_ADAPTERS):
        tree = _parse(path)
        meanings = dict(_meanings(tree))
        used = [(name, line) for name, line in _imported(tree) if name.split(".")[0] in WORLDLY_LIBRARIES]
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute):
                head, dot, rest = ast.unparse(node).partition(".")
                meaning = f"{meanings.get(head, head)}{dot}{rest}"
                used += [(meaning, node.lineno)] if meaning in CLOCKS_AND_IDS else []
        found += [f"{path.relative_to(checkout)}:{line} uses {name}" for name, line in used]
    return found


def long_files(checkout: Path) -> list[str]:
    """Files over 300 lines."""
    return [
        f"{path.relative_to(checkout)}:{lines} lines, at most {MAX_FILE_LINES}"
        for path in _modules(checkout, "")
        if (lines := path.read_text().count("\n")) > MAX_FILE_LINES
    ]


def long_functions(checkout: Path) -> list[str]:
    """Functions over 60 lines."""
    return [
        f"{path.relative_to(checkout)}:{node.lineno} {node.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"
        for path in _modules(checkout, "")
        for node in ast.walk(_parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]


def vague_names(checkout: Path) -> list[str]:
    """Modules and packages whose name says nothing."""
    return [
        f"{path.relative_to(checkout)}:1 has a name that says nothing"
        for path in _modules(checkout, "")
        if path.stem in VAGUE_NAMES or (path.stem == "__init__" and path.parent.name in VAGUE_NAMES)
    ]


def broad_excepts(checkout: Path) -> list[str]:
    """`except Exception` outside the plugin gateway and the process edge, and errors swallowed in silence anywhere."""
    found = []
    for path in _modules(checkout, ""):
        place = path.relative_to(checkout).as_posix()
        for node in ast.walk(_parse(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = "" if node.type is None else ast.unparse(node.type)
            if caught in ("", "Exception", "BaseException") and not place.startswith(BROAD_EXCEPT_HOMES):
                found.append(f"{place}:{node.lineno} catches everything")
            if len(node.body) == 1 and isinstance(node.body[0], ast.Pass):
                found.append(f"{place}:{node.lineno} swallows an error in silence; contextlib.suppress says why")
    return found


def undocumented(checkout: Path) -> list[str]:
    """Public classes and functions of domain, application, hookspecs and testing without a docstring."""
    found = []
    for path in _modules(checkout, *DOCUMENTED):
        for owner, node in _public(_parse(path)):
            if not ast.get_docstring(node):
                found.append(f"{path.relative_to(checkout)}:{node.lineno} {owner}{node.name} has no docstring")
    return found


def unexplained_hooks(checkout: Path) -> list[str]:
    """Hooks without a docstring, without a test that names them, or missing from the documentation."""
    specs = checkout / PACKAGE / "hookspecs.py"
    tests = [p for p in (checkout / "tests").rglob("*.py") if "architecture" not in p.parts]
    places = {
        "tests": "".join(path.read_text() for path in tests),
        "documentation": "".join(path.read_text() for path in (checkout / "docs").rglob("*.md")),
    }
    found = []
    for node in hooks(checkout):
        where = f"{specs.relative_to(checkout)}:{node.lineno} {node.name}"
        if not ast.get_docstring(node):
            found.append(f"{where} has no docstring")
        found += [f"{where} is not named in the {place}" for place, text in places.items() if node.name not in text]
    return found


def hooks(checkout: Path) -> list[ast.FunctionDef]:
    """The functions that hookspecs.py marks as hooks."""
    return [
        node
        for node in ast.walk(_parse(checkout / PACKAGE / "hookspecs.py"))
        if isinstance(node, ast.FunctionDef) and any("hookspec" in ast.unparse(mark) for mark in node.decorator_list)
    ]


def patched_tests(checkout: Path) -> list[str]:
    """Unit tests that patch or mock what they should be given."""
    marks = ("unittest.mock", "import mock", "monkeypatch.setattr", "mocker.")
    return [
        f"{path.relative_to(checkout)}:{number} {mark}"
        for path in sorted((checkout / "tests" / "unit").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for mark in marks
        if mark in line
    ]


def excused_lines(checkout: Path) -> list[str]:
    """Lines excused from coverage or mutation without a reason, or any once they are more than five."""
    excused = [
        (f"{path.relative_to(checkout)}:{number} {mark.group(0)}", mark.group("reason"))
        for path in _modules(checkout, "")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (mark := re.search(r"pragma: no (?:cover|mutate)\W*(?P<reason>.*)", line))
    ]
    if len(excused) > MAX_EXCUSED:
        return [f"{where} is one of {len(excused)}, at most {MAX_EXCUSED}" for where, _ in excused]
    return [f"{where} gives no reason" for where, reason in excused if not reason]


def _modules(checkout: Path, *parts: str) -> Iterator[Path]:
    for part in parts:
        place = checkout / PACKAGE / part
        yield from [place] if place.is_file() else sorted(p for p in place.rglob("*.py") if "migrations" not in p.parts)


def _parse(path: Path) -> ast.Module:
    return _parsed(path.read_text())


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "." * node.level, node.lineno


def _meanings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the names that imports bind, with the dotted path each stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                head = alias.name.split(".")[0]
                yield alias.asname or head, alias.name if alias.asname else head
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _public(
    parent: ast.Module | ast.ClassDef, owner: str = ""
) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in parent.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield owner, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{owner}{node.name}.")


STATIC_RULES = (
    impure_imports,
    clocks_and_chance,
    long_files,
    long_functions,
    vague_names,
    broad_excepts,
    undocumented,
    unexplained_hooks,
    patched_tests,
    excused_lines,
)

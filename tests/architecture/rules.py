"""The house rules that import-linter can't say, each a function from a checkout to its findings.

A finding is one line, `path:line what is wrong`. The functions take the checkout as an argument, so that the table of
planted violations can run them on a damaged copy.
"""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache, wraps
from pathlib import Path

PACKAGE = "sre_copilot"
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
MAX_EXCUSED = 5
VAGUE_NAMES = {"base", "common", "core", "helper", "helpers", "misc", "service", "services", "util", "utils"}

# What domain and application may import besides each other: nothing here reads a clock, draws a number, opens a file
# or speaks to anybody.
PURE_LIBRARIES = {
    "abc", "array", "attrs", "base64", "bisect", "collections", "contextlib", "copy", "datetime", "decimal", "enum",
    "fractions", "functools", "graphlib", "hashlib", "heapq", "hmac", "html", "inspect", "ipaddress", "itertools", "json",
    "math", "numbers", "operator", "orjson", "re", "statistics", "string", "sys", "textwrap", "types", "typing",
    "unicodedata", "urllib.parse", "uuid", "zlib",
}  # fmt: skip
WORLDLY_LIBRARIES = {"logging", "os", "random", "secrets", "time"}
CLOCKS_AND_IDS = {f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")} | {"datetime.date.today"} | {
    f"uuid.{name}" for name in ("uuid1", "uuid4", "uuid6", "uuid7", "uuid8", "getnode")
}  # fmt: skip
# The plugin gateway, which has the calling of plugins in a module of its own, and the process edge.
BROAD_EXCEPT_HOMES = {f"{PACKAGE}/adapters/integrations/isolation.py", f"{PACKAGE}/entrypoints/cli/main.py"}
CONFIDENTIAL = re.compile(r"signature|secret|token|digest|hmac|password", re.IGNORECASE)


Rule = Callable[[Path], list[str]]


def of_each_module(*parts: str) -> Callable[[Callable[[str, str], Iterator[str]]], Rule]:
    """Make a rule of a look at one module, given as path and text; a text that was looked at before is not again."""

    def decorate(look: Callable[[str, str], Iterator[str]]) -> Rule:
        @cache
        def looked(place: str, text: str) -> tuple[str, ...]:
            return tuple(f"{place}:{row}" for row in look(place, text))

        @wraps(look)
        def rule(checkout: Path) -> list[str]:
            texts = ((path.relative_to(checkout).as_posix(), path.read_text()) for path in _modules(checkout, *parts))
            return [row for place, text in texts for row in looked(place, text)]

        return rule

    return decorate


@of_each_module("domain", "application")
def impure_imports(place: str, text: str) -> Iterator[str]:
    """Imports of domain and application that are not on the allow-list."""
    for name, line in _imported(_parsed(text)):
        allowed = name.split(".")[0] in {PACKAGE, *PURE_LIBRARIES} or any(
            name == library or name.startswith(f"{library}.") for library in PURE_LIBRARIES
        )
        if not allowed:
            yield f"{line} imports {name}"


@of_each_module("domain", "application", "hookspecs.py")
def clocks_and_chance(place: str, text: str) -> Iterator[str]:
    """Readings of a clock, random numbers and ids, the environment or a log below the adapters."""
    tree = _parsed(text)
    meanings = dict(_meanings(tree))
    for name, line in _imported(tree):
        if name.split(".")[0] in WORLDLY_LIBRARIES:
            yield f"{line} uses {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            head, dot, rest = ast.unparse(node).partition(".")
            meaning = f"{meanings.get(head, head)}{dot}{rest}"
            if meaning in CLOCKS_AND_IDS:
                yield f"{node.lineno} uses {meaning}"


@of_each_module("")
def long_files(place: str, text: str) -> Iterator[str]:
    """Files over 300 lines."""
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        yield f"{lines} lines, at most {MAX_FILE_LINES}"


@of_each_module("")
def long_functions(place: str, text: str) -> Iterator[str]:
    """Functions over 60 lines."""
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{node.lineno} {node.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"


@of_each_module("")
def vague_names(place: str, text: str) -> Iterator[str]:
    """Modules and packages whose name says nothing."""
    if VAGUE_NAMES & set(Path(place).with_suffix("").parts):
        yield "1 has a name that says nothing"


@of_each_module("")
def broad_excepts(place: str, text: str) -> Iterator[str]:
    """`except Exception` that keeps what it catches, outside the plugin gateway and the process edge; silent ones anywhere."""
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.ExceptHandler):
            caught = "" if node.type is None else ast.unparse(node.type)
            passes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            if caught in ("", "Exception", "BaseException") and not passes_on and place not in BROAD_EXCEPT_HOMES:
                yield f"{node.lineno} catches everything"
            if len(node.body) == 1 and isinstance(node.body[0], ast.Pass):
                yield f"{node.lineno} swallows an error in silence; contextlib.suppress says which"


@of_each_module("domain/signatures.py", "domain/integrations.py", "adapters/integrations/builtin")
def hasty_comparisons(place: str, text: str) -> Iterator[str]:
    """Signatures and secrets compared with an operator, which tells by its time how much was right.

    `hmac.compare_digest` does not. Names in capitals are those of settings and headers.
    """
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.Compare) and any(
            isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops
        ):
            names = [_last_name(side) for side in (node.left, *node.comparators)]
            if any(CONFIDENTIAL.search(name) and not name.isupper() for name in names):
                yield f"{node.lineno} compares in haste: {ast.unparse(node)}"


@of_each_module("domain", "application", "hookspecs.py", "testing")
def undocumented(place: str, text: str) -> Iterator[str]:
    """Public classes and functions of domain, application, hookspecs and testing without a docstring."""
    for owner, node in _public(_parsed(text)):
        if not ast.get_docstring(node):
            yield f"{node.lineno} {owner}{node.name} has no docstring"


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
        for node in ast.walk(_parsed((checkout / PACKAGE / "hookspecs.py").read_text()))
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


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _last_name(node: ast.expr) -> str:
    """What an expression is called: `key` in `self.key`, `door.key()` and `key[1:]`; "" where it has no name."""
    match node:
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return _last_name(inner)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


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
    hasty_comparisons,
    undocumented,
    unexplained_hooks,
    patched_tests,
    excused_lines,
)

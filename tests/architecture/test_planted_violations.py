"""One planted violation per clause of "who may import whom", and the contract or rule that must name it.

Each is planted in a copy of the checkout, where everything is checked: what is listed breaks, and nothing else does.
Contracts go by the id of their section in importlinter.ini, rules by the name of their function.
"""

import configparser
import shutil
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from tests.architecture.rules import STATIC_RULES
from tests.architecture.running import findings_of

CHECKOUT = Path(__file__).parents[2]
STATIC_NAMES = {rule.__name__ for rule in STATIC_RULES}
RUNNING_RULES = {"module_cycles", "root_import", "unmapped_errors"}
BUILTIN = "adapters/integrations/builtin"


@attrs.frozen
class Plant:
    """What is appended to files of the package (new ones start with it), what must break, and what it must say."""

    clause: str
    files: Mapping[str, str]
    broken: set[str]
    named: set[str] = attrs.Factory(set)

    @property
    def imports(self) -> bool:
        """Whether it may concern who imports whom; a few lines that import nothing don't."""
        return any("import" in text for text in self.files.values()) or not self.broken <= STATIC_NAMES


def layer(clause: str, path: str, imported: str, *broken: str) -> Plant:
    """A single import that one clause forbids."""
    return Plant(clause, {path: f"import sre_copilot.{imported}\n"}, set(broken))


def vendors(homes: Mapping[str, str]) -> Plant:
    """Libraries away from their homes, planted together because each is looked for by itself; some share a contract."""
    shared = {"click": "terminal", "rich": "terminal", "pytest": "test-libraries", "hypothesis": "test-libraries"}
    shared |= {"aiosmtplib": "outgoing-libraries", "httpcore2": "outgoing-libraries", "ninja": "web", "pydantic": "web"}
    shared |= {"anyio": "outgoing-libraries", "websockets": "outgoing-libraries"}
    files: dict[str, str] = {}
    named = set()
    for library, path in homes.items():
        files[path] = f"{files.get(path, '')}import {library}\n"
        named.add(f"sre_copilot.{path.removesuffix('.py').replace('/', '.')} -> {library}")
    return Plant("vendor libraries have one home each", files, {shared.get(name, name) for name in homes}, named)


def code(clause: str, path: str, text: str, *broken: str) -> Plant:
    """Some lines that one clause forbids."""
    return Plant(clause, {path: text}, set(broken))


PLANTS = [
    # The layers. An import upwards of something that already looks down is a cycle as well.
    layer("entrypoints don't see testing", "entrypoints/planted.py", "testing", "layers"),
    layer("testing doesn't see entrypoints", "testing/planted.py", "entrypoints.cli.errors", "layers"),
    layer("bootstrap is below entrypoints", "bootstrap.py", "entrypoints.logs", "layers", "acyclic"),
    layer("settings is below bootstrap", "settings.py", "bootstrap", "layers", "acyclic", "module_cycles"),
    layer("adapters are below settings", "adapters/system.py", "settings", "layers"),
    layer("hookspecs is below adapters", "hookspecs.py", "adapters.system", "layers", "acyclic"),
    layer("application is below hookspecs", "application/planted.py", "hookspecs", "layers", "acyclic"),
    layer("domain is below application", "domain/planted.py", "application.trail", "layers", "acyclic"),
    code("a new top-level module needs a place", "planted.py", '"""Planted."""\n', "layers"),
    # The root.
    code("nothing imports the root", "testing/planted.py", "from sre_copilot import Copilot\n", "root"),
    # Below the edge it is what its own contract is for: import-linter follows the root into everything.
    code("nothing imports the root, least of all domain", "domain/planted.py", "import sre_copilot\n", "root", "layers"),
    code("nothing imports the root, not even the edge", "entrypoints/cli/errors.py", "import sre_copilot\n", "root"),
    # Adapters.
    layer("postgres is below the other adapters", "adapters/postgres/roles.py", "adapters.runbooks.seed", "adapters"),
    layer("outgoing is below the other adapters", "adapters/outgoing/mail.py", "adapters.integrations.manager", "adapters"),
    layer("system is below the other adapters", "adapters/system.py", "adapters.runbooks.seed", "adapters"),
    layer("adapters are independent", "adapters/integrations/manager.py", "adapters.runbooks.seed", "adapters"),
    code("a new adapter needs a place", "adapters/planted.py", '"""Planted."""\n', "adapters"),
    # Built-in plugins.
    layer("plugins are independent", f"{BUILTIN}/generic.py", "adapters.integrations.builtin.prometheus", "plugins-independent"),
    layer("plugins don't see use cases", f"{BUILTIN}/generic.py", "application.use_cases", "plugins-see"),
    layer("plugins don't see the facade", f"{BUILTIN}/generic.py", "application.copilot", "plugins-see"),
    layer("plugins don't see adapters", f"{BUILTIN}/pagerduty.py", "adapters.system", "plugins-see"),
    # Use cases and entrypoints.
    layer(
        "use cases are independent",
        "application/use_cases/edit_incident.py",
        "application.use_cases.assign_incident",
        "use-cases",
    ),
    layer("HTTP doesn't see the CLI", "entrypoints/http/__init__.py", "entrypoints.cli.errors", "entrypoints"),
    layer("the CLI doesn't see HTTP", "entrypoints/cli/errors.py", "entrypoints.http.statuses", "entrypoints"),
    # The ORM.
    layer("ORM models are private", "bootstrap.py", "adapters.django_orm.models", "orm-private"),
    layer("a module of the ORM models is private", "bootstrap.py", "adapters.django_orm.models.incidents", "orm-private"),
    layer(
        "repositories are private",
        "bootstrap.py",
        "adapters.django_orm.repositories.audit",
        "orm-private",
    ),
    # Vendor libraries.
    vendors({
        "anthropic": "adapters/diagnosis/engine.py",
        "httpx2": "adapters/outgoing/exchange.py",
        "punq": "settings.py",
        "pluggy": "adapters/integrations/gateway.py",
        "django": "bootstrap.py",
        "psycopg": "bootstrap.py",
        "cryptography": "settings.py",
        "aiosmtplib": "adapters/runbooks/seed.py",
        "httpcore2": "bootstrap.py",
        "anyio": "bootstrap.py",
        "websockets": "bootstrap.py",
        "procrastinate": "adapters/django_orm/setup.py",
        "click": "bootstrap.py",
        "rich": "adapters/system.py",
        "ninja": "adapters/system.py",
        "pydantic": "settings.py",
        "granian": "entrypoints/http/statuses.py",
        "prometheus_client": "entrypoints/http/statuses.py",
        "structlog": "entrypoints/http/statuses.py",
        "pytest": "adapters/system.py",
        "hypothesis": "settings.py",
        "yaml": "settings.py",
    }),
    # Cycles.
    Plant(
        "no cycles between siblings",
        {
            "domain/planted_one.py": "import sre_copilot.domain.planted_two\n",
            "domain/planted_two.py": "import sre_copilot.domain.planted_one\n",
        },
        {"acyclic", "module_cycles"},
    ),
    Plant(
        "no cycles between a package and what is in it",
        {
            "domain/planted/__init__.py": "import sre_copilot.domain.planted.inner\n\nVALUE = 1\n",
            "domain/planted/inner.py": "from sre_copilot.domain.planted import VALUE\n",
        },
        {"module_cycles"},
    ),
    # What import-linter can't say.
    code("domain imports no library but attrs and orjson", "domain/canonical.py", "import cattrs\n", "impure_imports"),
    code("domain opens no files", "domain/canonical.py", "import pathlib\n", "impure_imports"),
    code("application imports no library but attrs", "application/trail.py", "import cattrs\n", "impure_imports"),
    code("domain logs nothing", "domain/canonical.py", "import logging\n", "impure_imports", "clocks_and_chance"),
    code(
        "domain reads no clock",
        "domain/canonical.py",
        "from datetime import datetime as dt\n\nNOW = dt.now()\n",
        "clocks_and_chance",
    ),
    code("application draws no ids", "application/trail.py", "from uuid import uuid4\n\nID = uuid4()\n", "clocks_and_chance"),
    code("hookspecs read no clock", "hookspecs.py", "import datetime\n\nDAY = datetime.date.today\n", "clocks_and_chance"),
    code("the root loads no Django", "__init__.py", "import django\n", "root_import"),
    Plant(
        "the root loads no anthropic",
        {"../anthropic.py": '"""Stands in."""\n', "__init__.py": "import anthropic\n"},
        {"root_import"},
    ),
    code("the root is quick", "__init__.py", "import time\n\ntime.sleep(0.2)\n", "root_import"),
    code(
        "every hook is documented and tested",
        "hookspecs.py",
        "@hookspec\ndef planted_hook_that_nobody_knows():\n    ...\n",
        "unexplained_hooks",
        "undocumented",
    ),
    code(
        "every error has one exit code and one HTTP status",
        "domain/errors.py",
        'class Planted(CopilotError):\n    """Planted; mend it."""\n\n    code = "planted"\n',
        "unmapped_errors",
    ),
    # How things are written here.
    code("files have up to 300 lines", "domain/planted.py", "X = 1\n" * 301, "long_files"),
    code("functions have up to 60 lines", "domain/planted.py", "def _planted():\n" + "    x = 1\n" * 60, "long_functions"),
    code("no module named helpers", "domain/helpers.py", '"""Planted."""\n', "vague_names"),
    code(
        "only the gateway and the edge catch everything",
        "adapters/system.py",
        "try:\n    X = 1\nexcept Exception:\n    X = 2\n",
        "broad_excepts",
    ),
    code("no error is swallowed", "domain/planted.py", "try:\n    X = 1\nexcept KeyError:\n    pass\n", "broad_excepts"),
    code(
        "signatures are compared in constant time",
        f"{BUILTIN}/generic.py",
        "def _planted(given, secrets):\n    return given.strip() in secrets.valid_signatures()\n",
        "hasty_comparisons",
    ),
    code("public names are documented", "domain/planted.py", "def planted():\n    return 1\n", "undocumented"),
    code("an excused line gives its reason", "domain/canonical.py", "X = 1  # pragma: no cover\n", "excused_lines"),
    code(
        "five lines are excused at most",
        "domain/canonical.py",
        "X = 1  # pragma: no mutate - only a name\n" * 6,
        "excused_lines",
    ),
    code("unit tests don't patch", "../tests/unit/test_planted.py", "from unittest.mock import Mock\n", "patched_tests"),
]  # fmt: skip


def findings(checkout: Path, imports: bool = True) -> dict[str, list[str]]:
    """Everything that is wrong in a checkout, by contract or rule; without imports, what reading the files tells."""
    static = {rule.__name__: rule(checkout) for rule in STATIC_RULES}
    return findings_of(checkout) | static if imports else static


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is checked, to make further copies of: the checkout may be edited while the tests run."""
    folder = tmp_path_factory.mktemp("template")
    for part in ("sre_copilot", "tests", "docs"):
        for path in (CHECKOUT / part).rglob("*"):
            if path.suffix in (".py", ".md"):
                copy = folder / path.relative_to(CHECKOUT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    shutil.copyfile(CHECKOUT / "importlinter.ini", folder / "importlinter.ini")
    return folder


@pytest.fixture(scope="module")
def before(template: Path) -> dict[str, list[str]]:
    """What is wrong already (test_rules.py complains about it), so that one real violation does not fail every row."""
    return findings(template)


@pytest.fixture
def checkout(template: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(template, tmp_path / "checkout", copy_function=shutil.copyfile))


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.clause)
def test_the_planted_violation_breaks_what_is_listed_and_nothing_else(
    plant: Plant, checkout: Path, before: dict[str, list[str]]
) -> None:
    for name, text in plant.files.items():
        path = checkout / "sre_copilot" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        already = path.read_text() if path.exists() else ""
        path.write_text(f"{already}\n\n{text}" if already else text)
    after = findings(checkout, plant.imports)
    broken = {rule: rows for rule, rows in after.items() if rows != before.get(rule, [])}
    assert set(broken) == plant.broken, broken
    said = "\n".join(row for rows in broken.values() for row in rows)
    assert {name for name in plant.named if name not in said} == set()


def test_every_contract_and_every_rule_has_a_planted_violation() -> None:
    parser = configparser.ConfigParser()
    parser.read(CHECKOUT / "importlinter.ini")
    contracts = {name.rpartition(":")[2] for name in parser.sections() if name.startswith("importlinter:contract:")}
    rules = STATIC_NAMES | RUNNING_RULES
    assert contracts | rules == {name for plant in PLANTS for name in plant.broken}

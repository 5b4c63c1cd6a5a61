"""The walls between the rooms, kept by reading every import and every call of the package."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "pipeline_kit"
MODULES = sorted(PACKAGE.rglob("*.py"))

# What a room may import of the package besides itself. A room that is not listed is a single module at the top.
GROUND = {"errors", "catalogue", "model"}
EFFECTS = GROUND | {"context", "process", "redaction", "http", "memory", "tree", "scratch"}
MAY_IMPORT = {
    "model": set(),
    "errors": {"catalogue"},
    "catalogue": {"errors"},
    "tree": {"errors"},
    "scratch": set(),
    "state_folder": {"errors", "scratch", "tree"},
    "output_folder": {"errors", "git", "tree"},
    "context": GROUND | {"process", "tree", "output_folder"},
    "process": {"errors", "redaction", "tree"},
    "redaction": set(),
    "keeper": set(),
    "connections": set(),
    "proxies": {"errors"},
    "http": {"errors", "connections", "proxies"},
    "memory": {"process"},
    "yaml": {"errors", "tree"},
    "config": {"errors", "yaml"},
    "git": GROUND | {"process", "tree"},
    "versioning": GROUND,
    "tagging": GROUND | {"versioning"},
    "base_policy": GROUND | {"ci", "config", "git"},
    "record": GROUND | {"tree", "output_folder"},
    "artifact": GROUND | {"record", "tree"},
    "gate": GROUND | {"record"},
    "replay": GROUND | {"context", "git", "record", "tree"},
    "release": GROUND | {"git", "versioning", "flow", "render", "record", "ci", "context", "tree", "scratch"},
    "flow": EFFECTS | {"artifact", "config", "gate", "git", "record", "state_folder"},
    "ci": GROUND | {"tree"},
    "oci": EFFECTS,
    "engines": EFFECTS | {"oci"},
    "scanners": EFFECTS | {"oci"},
    "targets": EFFECTS | {"oci"},
    "azure": EFFECTS | {"oci"},
    "render": GROUND | {"record", "ci", "steps"},
    "steps": EFFECTS
    | {
        "flow",
        "gate",
        "versioning",
        "tagging",
        "record",
        "render",
        "engines",
        "scanners",
        "targets",
        "oci",
        "ci",
        "config",
        "azure",
        "release",
        "output_folder",
    },
    "commands": None,
    "generate": GROUND | {"artifact", "ci", "cli", "config", "record", "steps"},
    "session": None,
    "usage": {"config", "errors"},
    "cli": None,
    "__main__": {"cli"},
    "__init__": set(),
}
# A library, and the rooms that may use it.
LIBRARIES = {
    "subprocess": {"process"},
    "requests": {"http", "oci", "azure", "targets"},
    "git": {"release"},
    "docker": {"targets"},
    "re2": {"release"},
    "azure": {"azure"},
    "rich": {"render"},
    "ruamel": {"yaml"},
    "semver": {"model", "versioning", "tagging", "release", "steps"},
    "click": {"cli", "usage", "steps", "commands", "generate"},
    "msgspec": None,
}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every imported module, and whether it is imported when the module itself is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node, lazy in walk(tree, lazy=False):
        if isinstance(node, ast.Import):
            yield from ((alias.name, lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield f"{node.module}.{alias.name}" if node.module == "pipeline_kit" else str(node.module), lazy


def walk(node: ast.AST, *, lazy: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if typing_only:
            continue
        inner = lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        yield child, inner
        yield from walk(child, lazy=inner)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    here = room(path)
    allowed = MAY_IMPORT[here]
    for name, _ in imports(path):
        first, *rest = name.split(".")
        if first != "pipeline_kit":
            assert here in (LIBRARIES.get(first) or {here}), f"{here} must not import {first}"
        elif allowed is not None and rest and rest[0] != "__version__":
            assert rest[0] in allowed | {here}, f"{here} must not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_model_knows_only_the_standard_library_msgspec_and_semver(path: Path) -> None:
    if room(path) == "model":
        for name, _ in imports(path):
            first = name.split(".")[0]
            assert first in {"pipeline_kit", "msgspec", "semver", "__future__"} or first in sys.stdlib_module_names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_effects_have_one_place_each(path: Path) -> None:
    """The environment is read in cli.py, exits happen in __main__.py, processes start in process.py, nothing prints."""
    here = room(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = ast.unparse(node) if isinstance(node, (ast.Attribute, ast.Name)) else ""
        if text in ("os.environ", "os.getenv"):
            assert here in ("cli", "ci"), "take Context.environ"
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if called in ("sys.exit", "os._exit", "exit"):
            assert here in ("cli", "__main__"), "raise a Failure"
        if text in ("subprocess.Popen", "subprocess.run", "os.system", "os.popen", "os.execv", "os.fork"):
            assert here == "process", "process.Runner starts processes"
        if called == "print":
            pytest.fail("a result goes to standard output by session.result, talk goes through the reporter")


# What opens files by itself: their files are never in the working tree, but in the state folder, the user's cache, the
# registry's folder, the package, or where a CI, the cloud or Docker's client says.
OPENS_FILES = {
    *("tree", "scratch", "state_folder", "memory", "generate", "config", "oci", "ci/files", "ci/github", "replay/tree"),
    *("scanners/bolt", "scanners/trivy", "scanners/trivy_data", "scanners/trivy_scratch", "engines/docker_format"),
    *("azure/identity", "targets/docker_site", "targets/docker_load", "commands/local_registry", "commands/config"),
    *("release/journal", "process", "render/writer", "cli", "session", "steps/scan", "commands/replay"),
    *("gate/proofs", "artifact"),  # the copy that a CI keeps is in the state folder
}
OPENING = re.compile(
    r"(\w+\.)*(read_text|read_bytes|write_text|write_bytes|mkdir|makedirs|symlink_to|hardlink_to|open|mkstemp|mkdtemp"
    r"|NamedTemporaryFile|TemporaryDirectory)|shutil\.\w+"
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_of_the_tree_have_one_way(path: Path) -> None:
    """``tree`` follows no link; whoever opens a file by another way is listed."""
    name = str(path.relative_to(PACKAGE).with_suffix(""))
    if name in OPENS_FILES or room(path) in OPENS_FILES:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        assert not OPENING.fullmatch(called.rpartition(")")[2].lstrip(".")), f"{called}: take pipeline_kit.tree"


def test_starting_up_imports_nothing_heavy() -> None:
    """``--version`` and ``tag`` must be quick, so these libraries are imported only where they are used."""
    heavy = {"requests", "docker", "azure", "rich", "git", "ruamel"}
    quick = [PACKAGE / f"{name}.py" for name in ("cli", "session", "flow", "config", "record", "process")]
    quick += sorted((PACKAGE / "git").glob("*.py"))
    quick += [PACKAGE / "steps" / f"{name}.py" for name in ("command", "version", "tag")]
    for path in quick:
        eager = {name.split(".")[0] for name, lazy in imports(path) if not lazy}
        assert not eager & heavy, f"{path.name} imports {eager & heavy} at its top"

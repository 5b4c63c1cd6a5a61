"""What the documentation shows is in files that are tested, and the first thing a reader meets can be pasted."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from pipeline_kit import config

TOP = Path(__file__).parents[2]
PAGES = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?P<before>[^\n]*)\n```(?P<kind>\w+)\n(?P<text>.*?)```\n", re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)#:]+?)(#[^)]*)?\)")


def blocks(page: Path) -> list[re.Match[str]]:
    return list(BLOCK.finditer(page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_yaml_block_is_a_file(page: Path) -> None:
    for block in blocks(page):
        if block["kind"] in ("yaml", "yml"):
            named = re.fullmatch(r"<!-- file: (\S+) -->", block["before"])
            assert named, f"{page.name} shows YAML that is in no file:\n{block['text']}"
            assert block["text"] == (TOP / named[1]).read_text(encoding="utf-8"), "run scripts/include_examples.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.finditer(page.read_text(encoding="utf-8")):
        assert (page.parent / link["target"]).exists(), f"{page.name} links to {link['target']}"


def test_the_first_file_of_the_readme_is_short_and_asks_for_nothing() -> None:
    workflow = (TOP / "examples" / "github" / "image.yml").read_text(encoding="utf-8")
    assert len([line for line in workflow.splitlines() if line.strip()]) <= 17
    assert "secrets." not in workflow
    (job,) = yaml.safe_load(workflow)["jobs"].values()
    assert "with" not in job["steps"][-1]


def test_the_configuration_that_is_shown_is_valid() -> None:
    path = TOP / "examples" / "configuration" / "pipeline-kit.yml"
    settings = config.load(path, path.name)
    assert settings.options("deploy", "staging") == {
        "target": "docker", "name": "web", "port": "8081", "health": "/healthz", "on": ["branch", "tag"],
    }  # fmt: skip
    sample = TOP / "examples" / "web" / "pipeline-kit.yml"
    assert config.load(sample, sample.name).options("deploy")["target"] == "docker"


@pytest.mark.parametrize("path", sorted((TOP / "examples" / "github").glob("*.yml")), ids=lambda path: path.name)
def test_every_permission_says_why(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(" # to " in line for line in lines if re.search(r": (read|write)\b", line))


def test_each_promise_of_security_names_a_test_that_there_is() -> None:
    rows = [row for row in (TOP / "SECURITY.md").read_text(encoding="utf-8").splitlines() if row.startswith("| ")][2:]
    assert rows
    for row in rows:
        named = re.findall(r"`(tests/\S+\.py)::(\w+)`", row)
        assert named, f"a promise without a test: {row}"
        for file, name in named:
            defined = {
                node.name
                for node in ast.walk(ast.parse((TOP / file).read_text(encoding="utf-8")))
                if isinstance(node, (ast.FunctionDef, ast.ClassDef))
            }
            assert name in defined, f"{file} has no {name}"


def test_no_page_knows_this_machine() -> None:
    for page in [*PAGES, TOP / "CHANGELOG.md", TOP / "SECURITY.md"]:
        assert not re.search(r"(?<![\w.])/(root|work|tmp|home)/", page.read_text(encoding="utf-8")), page.name


def test_the_version_is_the_same_everywhere() -> None:
    from pipeline_kit import __version__

    shown = {
        version
        for page in [*PAGES, *(TOP / "examples").rglob("*.yml")]
        for version in re.findall(r"pipeline-kit@SHA # v(\S+)", page.read_text(encoding="utf-8"))
    }
    assert shown == {__version__}

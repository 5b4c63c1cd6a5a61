"""A version is written where a file holds it, and not another character changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.errors import Failure
from pipeline_kit.release.field_error import FieldError
from pipeline_kit.release.files import safe_path
from pipeline_kit.release.version_fields import locks_of, updated, updated_lock

PYPROJECT = """\
# version = "1.0.0"
[build-system]
requires = ["x==1.0.0"]

[project]
name = "shop"   # the name
dependencies = ["version = '1.0.0'"]
version   =   '1.0.0'  # keep me

[tool.x]
version = "1.0.0"
"""
POM = """\
<?xml version="1.0"?>
<!-- <version>1.0.0</version> -->
<project xmlns="http://maven.apache.org/POM/4.0.0" a='/>'>
  <parent><artifactId>p</artifactId><version>1.0.0</version></parent>
  <dependencies><dependency><version>1.0.0</version></dependency><x/></dependencies>
  <version> 1.0.0-SNAPSHOT </version><!-- keep me -->
  <build><plugins><plugin><version>1.0.0</version></plugin></plugins></build>
</project>
"""
CSPROJ = """\
<Project Sdk="Microsoft.NET.Sdk">\r
  <PropertyGroup Condition="'$(A)' > '1'"><VersionPrefix>0.9.0</VersionPrefix></PropertyGroup>\r
  <PropertyGroup>\r
    <Version>1.0.0</Version>\r
  </PropertyGroup>\r
  <ItemGroup><PackageReference Include="x"><Version>1.0.0</Version></PackageReference></ItemGroup>\r
</Project>
"""
CHART = """\
apiVersion: v2
name: shop
version: 1.0.0  # of the chart
appVersion: "1.0.0"
dependencies:
  - name: other
    version: 1.0.0
"""


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("pyproject.toml", PYPROJECT, PYPROJECT.replace("   '1.0.0'  # keep", "   '1.5.0'  # keep")),
        ("pyproject.toml", '[tool.poetry]\nversion = "1.0.0"\n', '[tool.poetry]\nversion = "1.5.0"\n'),
        ("pyproject.toml", 'project.version = "1.0.0"\n', 'project.version = "1.5.0"\n'),
        ("a/pyproject.toml", 'project = {name = "x", version = "1.0.0"}', 'project = {name = "x", version = "1.5.0"}'),
        ("pyproject.toml", '[project]\r\nversion = "1.0.0"\r\n', '[project]\r\nversion = "1.5.0"\r\n'),
        ("package.json", '{"a":{"version":"1.0.0"},\t"version": "1.0.0"}',
         '{"a":{"version":"1.0.0"},\t"version": "1.5.0"}'),
        ("package.json", '\ufeff{ "version" : "1.0.0" }\n', '\ufeff{ "version" : "1.5.0" }\n'),
        ("Cargo.toml", '[dependencies]\nx = {version = "1.0.0"}\n[package]\nversion = "1.0.0"\n',
         '[dependencies]\nx = {version = "1.0.0"}\n[package]\nversion = "1.5.0"\n'),
        ("Cargo.toml", '[package]\nversion.workspace = true\n[workspace.package]\nversion = "1.0.0"\n',
         '[package]\nversion.workspace = true\n[workspace.package]\nversion = "1.5.0"\n'),
        ("web/__init__.py", '"""1.0.0"""\n__version__: str = "1.0.0"  # here\n',
         '"""1.0.0"""\n__version__: str = "1.5.0"  # here\n'),
        ("VERSION", "1.0.0\n", "1.5.0\n"),
        ("version.txt", "v1.0.0\r\n", "v1.5.0\r\n"),
        ("Chart.yaml", CHART, CHART.replace("n: 1.0.0  #", "n: 1.5.0  #").replace('"1.0.0"', '"1.5.0"')),
        ("Chart.yaml:appVersion", CHART, CHART.replace('"1.0.0"', '"1.5.0"')),
        ("Chart.yaml:version", CHART, CHART.replace("n: 1.0.0  #", "n: 1.5.0  #")),
        ("Chart.yaml", "version: 1.0.0\r\n", "version: 1.5.0\r\n"),
        ('docs/conf.py:^release = "(.+)"', 'x = 1\nrelease = "1.0.0"\n', 'x = 1\nrelease = "1.5.0"\n'),
        ("pom.xml", POM, POM.replace("1.0.0-SNAPSHOT", "1.5.0")),
        ("a/Shop.csproj", CSPROJ, CSPROJ.replace(">\r\n    <Version>1.0.0", ">\r\n    <Version>1.5.0")),
        ("Directory.Build.props",
         "<Project><PropertyGroup><VersionPrefix>1.0.0</VersionPrefix></PropertyGroup></Project>",
         "<Project><PropertyGroup><VersionPrefix>1.5.0</VersionPrefix></PropertyGroup></Project>"),
        ("lerna.json", '{"version": "1.0.0"}', '{"version": "1.5.0"}'),
        ("composer.json", '{"require": {"version": "1.0.0"}, "version": "1.0.0"}',
         '{"require": {"version": "1.0.0"}, "version": "1.5.0"}'),
        ("a.csproj:<Version>(.*)</Version>", "<Version>1.0.0</Version>", "<Version>1.5.0</Version>"),
    ],
)  # fmt: skip
def test_only_the_version_changes(file: str, before: str, after: str) -> None:
    path, _, key = file.partition(":")
    assert updated(path, key, before, "1.5.0") == after
    assert updated(path, key, after, "1.5.0") == after


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            "pyproject.toml",
            "[project]\ndynamic = ['version']\n",
            "project.version is dynamic: it is made when the package is built",
        ),
        ("pyproject.toml", "[tool.x]\n", "it has neither project.version nor tool.poetry.version"),
        ("pyproject.toml", "[project\n", "it is not TOML: "),
        ("pyproject.toml", "[project]\nversion = '''\n1.0.0'''\n", "project.version can't be found in the text"),
        ("package.json", "{", "it is not JSON: "),
        ("package.json", "{}", "it has no version"),
        ("Cargo.toml", "[package]\nversion.workspace = true\n", "its version is the workspace's"),
        ("Cargo.toml", "[package]\n", "it has neither"),
        (
            "package-lock.json",
            "{}",
            "package-lock.json goes along by itself: it is written together with the package.json",
        ),
        ("uv.lock", "", "uv.lock goes along by itself: it is written together with the pyproject.toml"),
        ("Cargo.lock", "", "Cargo.lock goes along by itself: it is written together with the Cargo.toml"),
        ("CHANGELOG.md", "", "a changelog holds more than one version"),
        ("Chart.yaml", "name: x\n", "it has no version or appVersion at its top level"),
        ("a.py", "x = 1\n", '__version__ = "..." is not there'),
        ("a.py", '__version__ = "1"\n__version__ = "2"\n', '__version__ = "..." is there 2 times: lines 1, 2'),
        (
            "VERSION",
            "1.0.0\n2.0.0\n",
            "a file of this name holds one version and nothing else, and this one holds 2 words",
        ),
        ("VERSION", "\n", "a file of this name holds one version and nothing else, and this one holds nothing"),
        ("lerna.json", '{"version": "independent"}', "its packages have versions of their own (independent)"),
        ("composer.json", "{}", "it has no version"),
        (
            "pom.xml",
            "<project><parent><version>1</version></parent></project>",
            "the project has no version of its own",
        ),
        (
            "pom.xml",
            "<project><version>${revision}</version></project>",
            "version is no version as it stands, but ${rev",
        ),
        ("pom.xml", "<project><version></version></project>", "version is no version as it stands, but empty"),
        ("pom.xml", "<!DOCTYPE x [<!ENTITY v '1'>]><project/>", "it has a document type"),
        ("pom.xml", "<project><version>1</project>", "it is not XML: project ends where it doesn't begin"),
        ("pom.xml", "<project><version>1</version>", "it is not XML: project doesn't end"),
        ("pom.xml", "<project><version", "it is not XML: a tag doesn't end"),
        ("a.csproj", "<Project></Project>", "it has neither Version nor VersionPrefix"),
        (
            "a.csproj",
            CSPROJ.replace("0.9.0</VersionPrefix>", "1</VersionPrefix><Version>2</Version>"),
            "Version is there 2 times: lines 2, 4",
        ),
        ("setup.cfg", "x\n", "it is not known where a file of this name holds its version"),
        ("a.txt:nothing(x)", "y\n", "nothing(x) is not there"),
        ("a.txt:(x)", "x\nx\n", "(x) is there 2 times: lines 1, 2"),
        ("a.txt:x", "x\n", "x has 0 groups; the one group is the version"),
        ("a.txt:(x", "x\n", "(x is no regular expression of RE2: missing )"),
        ("a.txt:(?=x)(x)", "x\n", "(?=x)(x) is no regular expression of RE2: invalid perl operator: (?="),
        ("a.txt:(x)\\1", "x\n", "(x)\\1 is no regular expression of RE2: invalid escape sequence: \\1"),
        ("a.txt:x|(y)", "x\n", "the group of x|(y) takes no part in the match"),
    ],
)
def test_what_can_not_be_written_says_why(file: str, text: str, said: str) -> None:
    path, _, key = file.partition(":")
    with pytest.raises(FieldError) as caught:
        updated(path, key, text, "1.5.0")
    assert str(caught.value).startswith(said)


@given(st.text(max_size=30) | st.from_regex(r"[(a|b)*+?.\\d^$\[\]{1,9}]{1,20}", fullmatch=True), st.text(max_size=60))
def test_any_pattern_finds_one_place_or_says_why_not(pattern: str, text: str) -> None:
    try:
        made = updated("a.txt", pattern or "x", text, "1.5.0")
    except FieldError:
        return
    assert made.count("1.5.0") == text.count("1.5.0") + 1 or "1.5.0" in text


def test_a_pattern_finds_its_place_behind_what_is_no_text() -> None:
    held = "ü \udcff\r\nrelease = '1.0.0'\r\nother = '1.0.0'\r\n"
    assert updated("conf.py", "^release = '(.+)'", held, "1.5.0") == held.replace("1.0.0", "1.5.0", 1)


def test_lock_files_repeat_the_version() -> None:
    assert locks_of("web/package.json") == ("web/package-lock.json", "web/npm-shrinkwrap.json")
    lock = {
        "name": "x",
        "version": "1.0.0",
        "packages": {"": {"version": "1.0.0"}, "node_modules/y": {"version": "1.0.0"}},
    }
    changed = json.loads(updated_lock("package-lock.json", json.dumps(lock), "{}", "1.5.0"))
    assert changed["version"] == changed["packages"][""]["version"] == "1.5.0"
    assert changed["packages"]["node_modules/y"]["version"] == "1.0.0"
    uv = '[[package]]\nname = "my-shop"\nversion = "1.0.0"\nsource = { editable = "." }\n'
    assert '"1.5.0"' in updated_lock("uv.lock", uv, '[project]\nname = "My_Shop"\n', "1.5.0")
    assert updated_lock("uv.lock", uv, '[project]\nname = "other"\n', "1.5.0") == uv


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", ".git/config", ".GIT/config", "", "."])
def test_a_path_out_of_the_repository_is_refused(path: str) -> None:
    with pytest.raises(Failure):
        safe_path(path)


def test_a_package_s_files_are_in_its_folder() -> None:
    assert safe_path("./VERSION", "web") == "web/VERSION"
    with pytest.raises(Failure):
        safe_path("../VERSION", "web")


@given(st.text(alphabet="abc \n#=\"'[]", max_size=60), st.text(alphabet="abc \n#=\"'[]", max_size=60))
def test_whatever_stands_around_a_version_stays(before: str, after: str) -> None:
    text = f"{before}<v>1.0.0</v>{after}"
    assert updated("any.txt", "<v>(.*)</v>", text, "1.5.0") == f"{before}<v>1.5.0</v>{after}"

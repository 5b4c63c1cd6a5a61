"""Small parts of the engines: what is shown live, a program's hash, an image without its container."""

from __future__ import annotations

import json

import pytest

from pipeline_kit.engines import docker_buildx, docker_classic, docker_command, docker_format
from pipeline_kit.engines.progress import tell
from pipeline_kit.engines.request import BuildRequest, EngineFacts
from pipeline_kit.errors import Failure
from pipeline_kit.model.image import Tool
from pipeline_kit.model.platform import Platform
from pipeline_kit.oci.layout import read
from pipeline_kit.oci.layout_folder import create, write_blob


class Shown:
    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int]] = []

    def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
        self.steps.append((what, done, total))


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("#9 [runtime 4/6] RUN pip install", ("[runtime 4/6] RUN pip install", 4, 6)),
        ("#9 [4/6] COPY a b", ("[4/6] COPY a b", 4, 6)),
        ("#12 [linux/arm64 build 2/3] RUN make", ("[linux/arm64 build 2/3] RUN make", 2, 3)),
        ("#12 exporting to oci image format", ("exporting to oci image format", 0, 0)),
        ("[2/2] STEP 3/5: RUN make", ("[2/2] STEP 3/5: RUN make", 3, 5)),
        ("STEP 1/2: FROM base", ("STEP 1/2: FROM base", 1, 2)),
    ],
)
def test_a_step_is_shown_with_its_number(line, step):
    shown = Shown()
    tell(line, shown)
    assert shown.steps == [step]


@pytest.mark.parametrize(
    "line", ["#9 0.244 [1/2] words of a command", "#9 DONE 0.1s", "", "#1 [internal] load .dockerignore"]
)
def test_other_lines_are_not_steps(line):
    shown = Shown()
    tell(line, shown)
    assert shown.steps == []


def test_the_facts_are_described_in_a_few_words():
    tool = Tool("buildx", "0.13.1+ds1")
    assert EngineFacts(tool=tool, store="containerd", engine="26.1.5").described == "buildx 0.13, Docker Engine 26.1"
    assert EngineFacts(tool=tool, store="containerd", driver="remote").described == "buildx 0.13, remote builder"
    assert EngineFacts(tool=Tool("buildah", "1.28.2"), store="buildah").described == "buildah 1.28"


def test_a_value_with_a_comma_or_a_quote_stays_one_value():
    assert docker_command.fields({"id": "a", "src": 'x,"y'}) == 'id=a,"src=x,""y"'


@pytest.mark.parametrize(
    "options",
    [
        {"platforms": (Platform("linux", "amd64"), Platform("linux", "arm64"))},
        {"reproducible": True},
        {"cache_to": ("type=inline", "type=local,dest=x")},
        {"contexts": {"base": "oci-layout:///x"}},
    ],
)
def test_what_the_classic_store_would_ignore_or_fail_at_is_refused_by_name(tmp_path, options):
    request = BuildRequest(folder=tmp_path, dockerfile=tmp_path / "Dockerfile", **options)
    with pytest.raises(Failure) as caught:
        docker_classic._refuse(request, EngineFacts(tool=Tool("buildx", "0.13"), store="classic", engine="26.1.5"))
    assert caught.value.kind == "build.unsupported"


def test_the_classic_store_may_have_one_platform_inline_caches_and_newer_ones_named_contexts(tmp_path):
    request = BuildRequest(
        folder=tmp_path,
        dockerfile=tmp_path / "Dockerfile",
        platforms=(Platform("linux", "amd64"),),
        cache_to=("type=inline",),
        contexts={"other": "../other"},
    )
    docker_classic._refuse(request, EngineFacts(tool=Tool("buildx", "0.13"), store="classic", engine="26.1.5"))
    with pytest.raises(Failure, match="named build contexts"):
        docker_classic._refuse(request, EngineFacts(tool=Tool("buildx", "0.13"), store="classic", engine="20.10.24"))


def layout_of(folder, config):
    create(folder)
    content = json.dumps(config).encode()
    types = "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.container.image.v1+json"
    described = {"mediaType": types[1], "digest": write_blob(folder, content), "size": len(content)}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": types[0], "config": described, "layers": []}).encode()
    entry = {"mediaType": types[0], "digest": write_blob(folder, manifest), "size": len(manifest)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return folder


def test_the_container_that_an_image_was_built_in_leaves_no_trace(tmp_path):
    def built(container):
        config = {
            "architecture": "amd64",
            "os": "linux",
            "container": container,
            "container_config": {"Hostname": container},
            "parent": f"sha256:{container}",
            "config": {"Hostname": container, "Healthcheck": {"Test": ["CMD", "true"]}, "Labels": {"a": "ä"}},
            "history": [{"created_by": "RUN x", "comment": f"FROM {container}"}],
            "rootfs": {"type": "layers", "diff_ids": []},
        }
        layout = layout_of(tmp_path / container, config)
        docker_format.remove_container(layout)
        return read(layout)

    one, two = built("one"), built("two")
    assert one.root.digest == two.root.digest
    assert len(list((one.folder / "blobs" / "sha256").iterdir())) == 2
    config = json.loads((one.folder / "blobs" / "sha256" / one.platforms[0].config.removeprefix("sha256:")).read_text())
    assert config["config"] == {"Healthcheck": {"Test": ["CMD", "true"]}, "Labels": {"a": "ä"}}


def test_a_layout_that_is_not_what_buildx_says_is_refused(tmp_path):
    layout = layout_of(tmp_path / "layout", {"os": "linux", "architecture": "amd64"})
    metadata = tmp_path / "metadata.json"
    metadata.write_text(json.dumps({"containerimage.digest": read(layout).root.digest}))
    docker_buildx._compare(metadata, layout)
    metadata.write_text(json.dumps({"containerimage.digest": "sha256:" + "0" * 64}))
    with pytest.raises(Failure) as caught:
        docker_buildx._compare(metadata, layout)
    assert caught.value.kind == "build.digest"

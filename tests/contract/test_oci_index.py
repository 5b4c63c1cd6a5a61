"""An index whose entries are called what they are not: an engine runs them, so nothing of ours takes them."""

from __future__ import annotations

import io
import json
import platform
import tarfile
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.context import Silent
from pipeline_kit.errors import Failure
from pipeline_kit.model.platform import Platform
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.oci.server import serving
from pipeline_kit.oci.transfer import label_of, pull
from tests.contract.test_oci_registry import _connected
from tests.unit.test_oci_index import entries_of, list_instead, manifest, reference
from tests.world.sample_image import ARM64, write_image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.engine import Engine

_HERE = Platform("linux", "arm64" if platform.machine() == "aarch64" else "amd64")


@pytest.fixture
def smuggled(tmp_path: Path) -> Path:
    """A layout whose index has a second image for this machine's platform, which is called an attestation."""
    write_image(tmp_path / "image", platforms=(ARM64, _HERE), labels={"evil": "no"})
    own = entries_of(tmp_path / "image")[-1]
    other = manifest(tmp_path / "image", platform=own["platform"], annotations=reference(own["digest"]))
    list_instead(tmp_path / "image", [other, own])
    return tmp_path / "image"


def test_the_containerd_store_runs_what_is_called_an_attestation(engine: Engine, smuggled: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(smuggled, ".")
    name = engine.docker("load", stdin=archive.getvalue()).strip().rpartition(" ")[2]
    (shown,) = json.loads(engine.docker("image", "inspect", name))
    assert shown["Config"]["Labels"] == {"evil": "yes"}
    with pytest.raises(Failure) as caught:
        read(smuggled)
    assert caught.value.kind == "layout.unscanned"


def test_it_is_neither_pulled_nor_believed(smuggled: Path, tmp_path: Path) -> None:
    root = json.loads((smuggled / "index.json").read_bytes())["manifests"][0]
    with serving(tmp_path / "registry", durable=False) as address, _connected(address) as registry:
        for blob in (smuggled / "blobs" / "sha256").iterdir():
            registry.put_blob(blob.read_bytes())
        for entry in (*entries_of(smuggled), root):
            content = blob_path(smuggled, entry["digest"]).read_bytes()
            registry.put_manifest(content, entry["mediaType"], entry["digest"])
        assert label_of(registry, root["digest"], "evil") is None
        with pytest.raises(Failure) as caught:
            pull(registry, root["digest"], tmp_path / "pulled", activity=Silent())
    assert caught.value.kind == "layout.unscanned"

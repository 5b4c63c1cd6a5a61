"""Of an index nothing is published that was not scanned: its entries are platforms, or attestations of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_kit.errors import Failure
from pipeline_kit.model.digest import digest_of
from pipeline_kit.model.platform import Platform
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.oci.media_types import CONFIG, INDEX, LAYER_GZIP, MANIFEST
from tests.world.sample_image import AMD64, ARM64, write_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IN_TOTO = "application/vnd.in-toto+json"
EMPTY = "application/vnd.oci.empty.v1+json"
Entry = dict[str, Any]


def entries_of(folder: Path) -> list[Entry]:
    root = json.loads((folder / "index.json").read_bytes())["manifests"][0]
    entries: list[Entry] = json.loads(blob_path(folder, root["digest"]).read_bytes())["manifests"]
    return entries


def list_instead(folder: Path, entries: list[Entry]) -> None:
    """Make the layout's image an index of ``entries``."""
    root = put(folder, INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [root]}))


def put(folder: Path, media_type: str, document: object) -> Entry:
    content = json.dumps(document).encode()
    blob_path(folder, digest_of(content)).write_bytes(content)
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def manifest(
    folder: Path,
    *,
    config_type: str = CONFIG,
    layer_type: str = LAYER_GZIP,
    platform: Entry | None = None,
    annotations: Entry | None = None,
    config_platform: Entry | None = None,
) -> Entry:
    """Another entry for the index, with one layer, that says ``evil`` in its config."""
    layer = put(folder, layer_type, "layer")
    diff_ids = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = {"architecture": "amd64", "os": "linux", "rootfs": diff_ids, "config": {"Labels": {"evil": "yes"}}}
    described = put(folder, config_type, config | (config_platform or {}))
    content = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": [layer]}
    entry = put(folder, MANIFEST, content)
    return entry | {key: value for key, value in (("platform", platform), ("annotations", annotations)) if value}


def reference(subject: str, kind: str = "attestation-manifest") -> Entry:
    return {"vnd.docker.reference.type": kind, "vnd.docker.reference.digest": subject}


UNKNOWN = {"os": "unknown", "architecture": "unknown"}
ARM = {"os": "linux", "architecture": "arm64"}
S390 = {"os": "linux", "architecture": "s390x"}


def attested(folder: Path, **changes: Any) -> Entry:
    subject = entries_of(folder)[0]["digest"]
    sound = {"layer_type": IN_TOTO, "platform": UNKNOWN, "annotations": reference(subject)}
    return manifest(folder, **{**sound, **changes})


@pytest.mark.parametrize(
    "smuggled",
    [
        lambda f: manifest(f, platform=S390, config_type=EMPTY),
        lambda f: manifest(f, platform=UNKNOWN),
        manifest,
        lambda f: manifest(f, platform={"os": "linux"} | {"architecture": ""}),
        lambda f: attested(f, platform=None),
        lambda f: attested(f, platform=UNKNOWN | {"variant": "v8"}),
        lambda f: attested(f, layer_type=LAYER_GZIP),
        lambda f: attested(f, annotations=reference("sha256:" + "0" * 64)),
        lambda f: attested(f, annotations=reference(entries_of(f)[0]["digest"], "image")),
        lambda f: manifest(f, platform={"os": "linux", "architecture": "amd64"}),
        lambda f: manifest(f, platform={"os": "linux", "architecture": "amd64", "variant": "v1"}),
        lambda f: manifest(f, platform={"os": "Linux", "architecture": "x86_64"}),
        lambda f: manifest(f, platform={"os": "linux", "architecture": "arm64", "variant": "v8"}),
        lambda f: manifest(f, platform={"os": "linux", "architecture": "aarch64"}),
        lambda f: entries_of(f)[0],
        lambda f: entries_of(f)[0] | {"platform": S390},
        lambda f: put(f, INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries_of(f)}),
    ],
    ids=[
        *("foreign-config", "unknown-image", "no-platform"),
        *("no-architecture", "attestation-without-platform", "attestation-with-variant"),
        *("attestation-with-a-layer", "attestation-of-nothing", "other-reference", "twice-amd64", "amd64-v1", "x86_64"),
        *("arm64-v8", "aarch64", "listed-twice", "listed-as-another", "nested"),
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_what_is_no_platform_and_no_attestation_is_refused(
    tmp_path: Path, smuggled: Callable[[Path], Entry], first: bool
) -> None:
    write_image(tmp_path, platforms=(AMD64, ARM64), attested=True)
    entries = [entry for entry in entries_of(tmp_path) if entry["platform"] != UNKNOWN]
    list_instead(tmp_path, entries)
    extra = smuggled(tmp_path)
    list_instead(tmp_path, [extra, *entries] if first else [*entries, extra])
    with pytest.raises(Failure) as caught:
        read(tmp_path)
    assert caught.value.kind == "layout.unscanned"


@pytest.mark.parametrize(
    "annotated",
    [
        lambda f: manifest(f, platform=S390, annotations=reference(entries_of(f)[0]["digest"])),
        lambda f: manifest(f, platform=S390, annotations={"vnd.docker.reference.type": ""}),
        lambda f: attested(f, platform=S390),
    ],
    ids=["called-attestation", "called-nothing", "of-documents"],
)
def test_what_an_engine_could_run_is_scanned_whatever_it_is_called(
    tmp_path: Path, annotated: Callable[[Path], Entry]
) -> None:
    write_image(tmp_path, platforms=(AMD64, ARM64))
    extra = annotated(tmp_path)
    list_instead(tmp_path, [extra, *entries_of(tmp_path)])
    assert extra["digest"] in [image.manifest for image in read(tmp_path).platforms]


@pytest.mark.parametrize("config_type", [CONFIG, EMPTY])
def test_attestations_as_buildkit_writes_them_are_taken(tmp_path: Path, config_type: str) -> None:
    write_image(tmp_path, platforms=(AMD64, ARM64))
    entries = entries_of(tmp_path)
    list_instead(tmp_path, [*entries, attested(tmp_path, config_type=config_type)])
    layout = read(tmp_path)
    assert [image.platform for image in layout.platforms] == [AMD64, ARM64]
    assert len(layout.manifests) == 4


_platforms = st.none() | st.fixed_dictionaries(
    {"os": st.sampled_from(["linux", "unknown", "LINUX", "windows"])}
    | {"architecture": st.sampled_from(["amd64", "arm64", "unknown", "x86_64", "arm", ""])},
    optional={"variant": st.sampled_from(["", "v1", "v7", "v8", "8"])},
)
_kinds = st.sampled_from(["attestation-manifest", "", "Attestation-Manifest", "image"])
_parts = st.tuples(
    _platforms,
    _kinds | st.none(),
    st.integers(0, 4),
    st.sampled_from([CONFIG, EMPTY, "application/x"]),
    st.sampled_from([LAYER_GZIP, IN_TOTO]),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_parts, max_size=4), st.booleans())
def test_whatever_an_index_lists_is_scanned_or_can_not_run(
    tmp_path: Path, parts: list[tuple[Entry | None, str | None, int, str, str]], first: bool
) -> None:
    """An engine takes what matches its platform and has layers that it unpacks: none of that is left out."""
    write_image(tmp_path, platforms=(AMD64, ARM64))
    sound = entries_of(tmp_path)
    listed = list(sound)
    for platform, kind, subject, config_type, layer_type in parts:
        note = None if kind is None else reference(listed[min(subject, len(listed) - 1)]["digest"], kind)
        shape = {"platform": platform, "annotations": note, "config_type": config_type, "layer_type": layer_type}
        listed.append(manifest(tmp_path, **shape))
    list_instead(tmp_path, [*listed[2:], *sound] if first else listed)
    refusal, layout = "", None
    try:
        layout = read(tmp_path)
    except Failure as failure:
        refusal = failure.kind
    if layout is None:
        assert refusal == "layout.unscanned"
        return
    scanned = {image.manifest for image in layout.platforms}
    assert len({str(image.platform.canonical) for image in layout.platforms}) == len(layout.platforms)
    for entry in listed:
        held = json.loads(blob_path(tmp_path, entry["digest"]).read_bytes())
        runs = entry["platform"] != UNKNOWN or any(layer["mediaType"] != IN_TOTO for layer in held["layers"])
        assert (entry["digest"] in scanned) == runs


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/x86-64", "linux/amd64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/arm/6", "linux/arm/v6"),
        ("linux/i386", "linux/386"),
        ("Linux/ARM64", "linux/arm64"),
        ("linux/amd64/v3", "linux/amd64/v3"),
    ],
)
def test_names_that_an_engine_takes_for_one_platform(written: str, same: str) -> None:
    assert str(Platform(*written.split("/")).canonical) == same

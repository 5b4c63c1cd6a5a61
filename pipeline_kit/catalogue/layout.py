"""Failures of the image on disk."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

_AGAIN = """Build again: what a new build takes over of earlier ones is hashed, and nothing is taken over where a blob is damaged. Where another job made the layout, compare the digest that it printed: the artifact store or whoever writes to it changed the image on the way."""

KINDS: dict[str, Kind] = {
    "invalid": Kind(
        Exit.BROKE,
        "The folder is no layout of an image",
        f"""Between two steps an image is an OCI layout: oci-layout, index.json and blobs/sha256 in one folder, without links, each JSON document of moderate size and with one meaning. The message says what is different here.

{_AGAIN}""",
    ),
    "several": Kind(
        Exit.BROKE,
        "The layout holds more than one image",
        """Scanners silently take the first image of a layout, builders add to it: with two of them nobody can tell which one is meant. Two builds at once into the same folder do this too. Build into a fresh folder.""",
    ),
    "other": Kind(
        Exit.BROKE,
        "The layout holds another image than the one that was built",
        f"""The digest of the image is fixed by the build, and every later step compares it. The folder now holds a different one.

{_AGAIN}""",
    ),
    "missing": Kind(Exit.BROKE, "A blob of the image is missing on disk", _AGAIN),
    "truncated": Kind(
        Exit.BROKE,
        "A blob of the image is cut short",
        f"""A full disk or an interrupted copy does this.

{_AGAIN}""",
    ),
    "tampered": Kind(
        Exit.BROKE,
        "A blob of the image does not hash to its name",
        f"""A blob is named after the hash of its bytes. Other bytes under that name are damage or an attempt to have one image scanned and another one published, so everything stops here.

{_AGAIN}""",
    ),
    "changed": Kind(
        Exit.BROKE,
        "The image was written while it was scanned",
        """Every blob is hashed before the scanner reads it, and its file must be the very same afterwards: not written, renamed, linked or replaced, also if it holds the right bytes again. What the scanner said is not used, and nothing of it is remembered.

Only this program writes to its layouts. A backup that makes hard links, or another job of the same user, may be what does.""",
    ),
    "diff-id": Kind(
        Exit.BROKE,
        "A layer unpacks to something else than its config says",
        f"""The config of an image lists the hash of each unpacked layer. Scanners key their cache by it and engines refuse to start such an image, so a layer that does not match is neither scanned nor published.

{_AGAIN}""",
    ),
    "archive": Kind(
        Exit.BROKE,
        "What the engine saved can't be read as an image",
        """An engine that can't write a layout is asked for a tar archive, as docker save makes it: manifest.json, a config and layers, or a layout in a tar. A full disk or an interrupted engine leaves half an archive. Build again.""",
    ),
    "bomb": Kind(
        Exit.BROKE,
        "The image unpacks to more than it may",
        """All layers together may unpack to 64 GiB. A small layer can be made to unpack to a thousand times its size, which would fill a scanner's disk. If your image really is that large, split it.""",
    ),
    "unscanned": Kind(
        Exit.REFUSED,
        "The image has a part that can't be scanned",
        """An index lists manifests, and an engine runs the one whose platform fits best, whatever is written at it. So each entry is for a platform of its own (linux/arm64 and linux/arm64/v8 are the same to an engine) and is scanned, or it is an attestation as BuildKit writes them: for the platform unknown/unknown, of in-toto documents alone, about a manifest of this index. Anything else would be published without having been scanned.

Build without it: a second image of one platform, a nested index, or a manifest that is no image has no place in an image's index.""",
    ),
    "zstd": Kind(
        Exit.BROKE,
        "A layer is compressed with zstd, which this Python can't read",
        """Without unpacking it nobody can tell whether the layer is what the config says. Python reads zstd since 3.14; before that, install the package backports.zstd beside pipeline-kit, or build with gzip layers.""",
    ),
}

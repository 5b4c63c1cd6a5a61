"""The inputs of the action and the parameters of the templates: the few options that most pipelines set.

Every other option is reached by ``set`` (one ``STEP.OPTION=VALUE`` a line) or by ``pipeline-kit.yml``. None has a
default of its own: an empty input leaves the word to the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_kit.ci.inputs import carrier
from pipeline_kit.generate.options import all_options


@dataclass(frozen=True, slots=True)
class Input:
    """``name`` as GitHub writes it, ``variable`` is the environment variable that it sets."""

    name: str
    variable: str
    help: str
    secret: bool = False

    @property
    def parameter(self) -> str:
        """``name`` as Azure Pipelines writes it: ``failOn`` for ``fail-on``."""
        first, *rest = self.name.split("-")
        return first + "".join(word.capitalize() for word in rest)

    @property
    def carrier(self) -> str:
        """The variable that it comes in."""
        return carrier(self.variable)


@dataclass(frozen=True, slots=True)
class Output:
    """A value for later steps."""

    name: str
    help: str


# The name of the input -> the option that it sets.
_OPTIONS = {
    "dockerfile": "build.file",
    "target": "build.target",
    "build-args": "build.args",
    "build-secrets": "build.secrets",
    "platforms": "build.platforms",
    "fail-on": "scan.fail-on",
    "deploy-target": "deploy.target",
}
OUTPUTS = (
    Output("version", "The version, such as 1.5.0."),
    Output("tags", "The tags, one a line."),
    Output("labels", "The image's labels, KEY=VALUE, one a line."),
    Output("digest", "The image's digest."),
    Output("verdict", "pass, where the image was scanned and may go on."),
    Output("repository", "The repository that was published to."),
    Output("reference", "The reference that can't move: REPOSITORY@DIGEST."),
    Output("tag", "The git tag of the release, where bump or run --release made one."),
    Output("notes", "What is new in that release, in Markdown."),
    Output("url", "Where the container serves."),
    Output("artifact", "The name of the artifact that has the run's record."),
)
# No option: it says where the step starts the program.
WORKING_DIRECTORY = Input("working-directory", "", "Folder to work in, such as the path of the checkout.")
# What the thin action of one step gives beside these.
STEP_OUTPUTS = (
    Output("tag-names", "The tags without the images' names, one a line."),
    Output("annotations", "The annotations, LEVEL:KEY=VALUE, one a line."),
    Output("json", "Tags, labels and annotations as JSON."),
    Output("bake-file", "File for docker buildx bake with tags and labels."),
    Output("bake-file-tags", "File for docker buildx bake with the tags."),
    Output("bake-file-labels", "File for docker buildx bake with the labels."),
    Output("bake-file-annotations", "File for docker buildx bake with the annotations."),
)


def inputs() -> tuple[Input, ...]:
    """All inputs, in the order of the documentation."""
    described = {option.path: option for option in all_options()}
    chosen = tuple(Input(name, described[path].variable, described[path].sentence) for name, path in _OPTIONS.items())
    return (
        Input("image", "PIPELINE_KIT_IMAGE", "Where the image is published, such as contosoreg.azurecr.io/shop/web."),
        Input("config", "PIPELINE_KIT_CONFIG", "Configuration file; pipeline-kit.yml where none is named."),
        Input("env", "PIPELINE_KIT_ENV", "Environment: its values in the configuration win over the others."),
        Input("from", "PIPELINE_KIT_RUN_FROM", "Start with this step; what it needs is in the record."),
        Input("until", "PIPELINE_KIT_RUN_UNTIL", "End with this step."),
        Input("release", "PIPELINE_KIT_RUN_RELEASE", "true makes the next release first, as bump does."),
        *chosen,
        Input(
            "registry-username", "PIPELINE_KIT_REGISTRY_USERNAME", "User of the registry, where there is no Entra ID."
        ),
        Input("registry-password", "PIPELINE_KIT_REGISTRY_PASSWORD", "Password or token of that user.", secret=True),
        Input("set", "PIPELINE_KIT_RUN_SET", "Any other option, STEP.OPTION=VALUE, one a line."),
    )

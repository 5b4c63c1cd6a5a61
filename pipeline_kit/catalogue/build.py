"""Failures of build."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "run": Kind(
        Exit.BROKE,
        "A command in the Dockerfile failed",
        """A RUN of the Dockerfile ended with another exit code than 0. The message shows its line and the last lines that the command printed itself; everything is in the log.

The command is the project's own, so what to do is in its words. 127 means that there is no such program in the stage, 137 that the command was killed, most often for want of memory.""",
    ),
    "copy": Kind(
        Exit.BROKE,
        "COPY or ADD names a file that isn't there",
        """COPY takes files from the build context, the folder that build.folder names (by default the repository), and from other stages with --from. A file that exists and still can't be found is kept out by .dockerignore: add a line with ! and its name there.""",
    ),
    "base": Kind(
        Exit.BROKE,
        "A base image can't be had",
        """The registry answered, and has no such image, none for this platform, or refuses it. Look for a typing error in FROM; for a private image the engine needs credentials of its registry, as docker login keeps them.

Buildah takes no short names: write docker.io/library/debian:12 where Docker reads debian:12 so.""",
    ),
    "base-unreachable": Kind(
        Exit.TRY_LATER,
        "The registry of a base image does not answer",
        """The network, a proxy or the registry itself is in the way, or the registry limits how much may be pulled. Try again later. Behind a proxy, the engine (not this command) needs to know it, since the engine pulls.""",
    ),
    "failed": Kind(
        Exit.BROKE,
        "The engine could not build",
        """The engine's own words are shown, and its whole output is in the log.""",
    ),
    "dockerfile": Kind(
        Exit.USAGE,
        "The Dockerfile has a mistake",
        """The engine could not read it, and started nothing. The message has its words and the line.

Instructions that are newer than the engine look like mistakes too: heredocs and COPY --link need Docker Engine 23, heredocs in Buildah 1.33.""",
    ),
    "dockerfile-missing": Kind(
        Exit.USAGE,
        "There is no Dockerfile where one is expected",
        """build.file names it, relative to build.folder; the default is Dockerfile in the repository's top folder.""",
    ),
    "folder": Kind(
        Exit.USAGE,
        "The folder to build from does not exist",
        """build.folder names the build context relative to the repository: the folder whose files COPY can take.""",
    ),
    "target": Kind(
        Exit.USAGE,
        "The Dockerfile has no such stage",
        """build.target names a stage (FROM ... AS NAME) or gives its number, counted from 0. Without a target the last stage is built.""",
    ),
    "name": Kind(
        Exit.USAGE,
        "A name of a build argument, label, secret or context is none",
        """It has white space, a comma, a quote or an equals sign in it, so the engine would read another name and value than was meant.""",
    ),
    "secret": Kind(
        Exit.USAGE,
        "A build secret is not there",
        """A secret comes from a variable (--secret id=npm,env=NPM_TOKEN) or a file (--secret id=npm,src=FILE), and RUN --mount=type=secret,id=npm reads it from /run/secrets/npm. It is in no layer, no log and no command line.

An engine gives an empty secret without a word where the variable is not set, so that is refused here. In a CI a variable must be handed to the step by name.""",
    ),
    "no-engine": Kind(
        Exit.USAGE,
        "There is nothing to build with",
        """An image is built by Docker with buildx or by Buildah. With engine: auto Docker is taken where it is, Buildah otherwise. The hosted Linux runners of GitHub and Azure have both.""",
    ),
    "engine-denied": Kind(
        Exit.USAGE,
        "This user may not use the Docker Engine",
        """The socket of the engine belongs to root and to the group docker. Who is in that group can do what root can on this machine. Rootless Docker and Buildah need neither.""",
    ),
    "engine-down": Kind(
        Exit.TRY_LATER,
        "The Docker Engine does not answer",
        """The docker client is installed, but the engine it is set up for does not answer. It may be stopped or still starting. docker info says the same; docker context ls shows which engine is meant.""",
    ),
    "engine-settings": Kind(
        Exit.USAGE,
        "The docker client is set up wrongly",
        """It stops before it asks an engine: DOCKER_HOST is no address, DOCKER_CONTEXT no context, or its configuration can't be read.""",
    ),
    "engine-died": Kind(
        Exit.TRY_LATER,
        "The engine went away in the middle of the build",
        """It was stopped or restarted, or it crashed, most often for want of memory. Nothing was kept of this build but the engine's cache; run again.""",
    ),
    "buildx-missing": Kind(
        Exit.USAGE,
        "docker has no buildx",
        """Docker builds with the buildx plugin since version 23. Distributions pack it apart from the client. A DOCKER_CONFIG of one's own hides plugins in ~/.docker/cli-plugins: cliPluginsExtraDirs in its config.json brings them back.""",
    ),
    "builder": Kind(
        Exit.USAGE,
        "There is no such buildx builder",
        """BUILDX_BUILDER names a builder that buildx does not know. In a CI it is made in the same job, by docker buildx create or a set-up step.""",
    ),
    "credential": Kind(
        Exit.USAGE,
        "A build secret is a credential of this program or of the CI",
        """PIPELINE_KIT_*, AZURE_*, ARM_*, ACTIONS_*, GITHUB_TOKEN, SYSTEM_ACCESSTOKEN, CI_JOB_TOKEN and their like are never handed to a build, whoever names them: what runs in it is the repository's. A token that is meant for the build is given by another name, such as env: { PACKAGES_TOKEN: ${{ secrets.GITHUB_TOKEN }} } in the workflow.""",
    ),
    "unsupported": Kind(
        Exit.USAGE,
        "This engine can't do what is asked for",
        """Engines ignore some options that they don't know, and build something else without a word. These are refused by name here.

Docker's classic image store builds one platform, exports no caches but inline ones, knows no OCI layouts and can't rewrite times. The containerd image store (the default since Docker Engine 29) and a builder of one's own (docker buildx create --use) can. Buildah builds one platform and has caches of its own.""",
    ),
    "disk": Kind(
        Exit.TRY_LATER,
        "There is no space left for the build",
        """The engine's own storage or the disk of this machine is full. docker system df and docker builder prune, or buildah prune, are about the first. Nothing was published.""",
    ),
    "digest": Kind(
        Exit.BROKE,
        "The engine wrote another image than it says",
        """buildx tells the digest of what it built, and it is not that of the layout it wrote. Two builds into one folder at once do this. Build again, into a folder of its own.""",
    ),
}

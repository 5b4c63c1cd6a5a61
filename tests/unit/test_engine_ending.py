"""How engines say that a build failed: their own lines, as recorded, and what is read from them."""

from __future__ import annotations

from pipeline_kit.engines import ending_buildah, ending_buildkit
from pipeline_kit.engines.dockerfile import parse_text

DOCKERFILE = parse_text("""\
FROM base AS build
COPY a.txt /a.txt
FROM base AS runtime
COPY --from=build /a.txt /a.txt
RUN echo one; echo two >&2; \\
    exit 7
""")

BUILDX_013 = """\
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s

#6 [build 2/2] COPY a.txt /a.txt
#6 DONE 0.3s

#9 [runtime 3/3] RUN echo one; echo two >&2;     exit 7
#9 0.244 one

#6 [build 2/2] COPY a.txt /a.txt
#6 DONE 0.3s

#9 [runtime 3/3] RUN echo one; echo two >&2;     exit 7
#9 0.250
#9 12.25 two
#9 ERROR: process "/bin/sh -c echo one; echo two >&2" did not complete successfully: exit code: 7
------
 > [runtime 3/3] RUN echo one; echo two >&2;     exit 7:
0.244 one
12.25 two
------
Dockerfile:5
--------------------
   4 |     COPY --from=build /a.txt /a.txt
   5 | >>> RUN echo one; echo two >&2; \\
   6 | >>>     exit 7
--------------------
ERROR: failed to solve: process "/bin/sh -c echo one; echo two >&2" did not complete successfully: exit code: 7
""".splitlines()

CLIENT_2010 = """\
#5 [runtime 3/3] RUN echo one; echo two >&2;     exit 7
#5 sha256:8988161cf8df447d25084fff49c5ef2e71663ea3fc354530365a3d3f8f58113c
#5 0.244 one
#5 ERROR: executor failed running [/bin/sh -c echo one; echo two >&2;     exit 7]: exit code: 7
------
 > [runtime 3/3] RUN echo one; echo two >&2;     exit 7:
------
executor failed running [/bin/sh -c echo one; echo two >&2;     exit 7]: exit code: 7
""".splitlines()

BUILDAH = """\
[1/2] STEP 1/2: FROM oci:/somewhere AS build
[1/2] STEP 2/2: COPY a.txt /a.txt
[2/2] STEP 1/3: FROM oci:/somewhere AS runtime
[2/2] STEP 2/3: COPY --from=build /a.txt /a.txt
[2/2] STEP 3/3: RUN echo one; echo two >&2;     exit 7
Error: building at STEP "RUN echo one; echo two >&2;     exit 7": exit status 7
one
two
subprocess exited with status 7
""".splitlines()


def test_a_failed_command_of_buildkit_has_line_code_and_last_words():
    ending = ending_buildkit.read(BUILDX_013, DOCKERFILE)
    assert (ending.line, ending.code, ending.words) == (5, 7, ("one", "", "two"))
    assert BUILDX_013[ending.log_line - 1].startswith("#9 [runtime 3/3]")
    assert ending.message.startswith("process ")


def test_newer_clients_put_more_words_before_the_cause():
    newer = [line.replace("ERROR: failed to solve", "ERROR: failed to build: failed to solve") for line in BUILDX_013]
    assert ending_buildkit.read(newer, DOCKERFILE) == ending_buildkit.read(BUILDX_013, DOCKERFILE)


def test_the_oldest_client_shows_no_line_and_the_step_finds_it():
    ending = ending_buildkit.read(CLIENT_2010, DOCKERFILE)
    assert (ending.line, ending.code, ending.words) == (5, 7, ("one",))


def test_a_step_whose_text_occurs_twice_is_found_by_its_number():
    twice = parse_text("FROM a\nENV X=1\nRUN make\nRUN make\n")
    lines = ["#7 [3/3] RUN make", "#7 ERROR: executor failed running [make]: exit code: 2", "exit code: 2"]
    assert ending_buildkit.read(lines, twice).line == 4


def test_a_step_of_a_stage_without_a_name_is_found():
    unnamed = parse_text("FROM a AS one\nRUN make\nFROM b\nRUN make\n")
    lines = ["#7 [linux/arm64 stage-1 2/2] RUN make", "#7 ERROR: executor failed: exit code: 2", "exit code: 2"]
    assert ending_buildkit.read(lines, unnamed).line == 4


def test_what_a_command_prints_is_not_taken_for_the_engines_words():
    lines = [
        "#9 [2/2] RUN cat log",
        "#9 0.1 #9 ERROR: no",
        "#9 0.2 ERROR: exit code: 3",
        "#9 ERROR: real: exit code: 4",
    ]
    ending = ending_buildkit.read(
        [*lines, "ERROR: failed to solve: real: exit code: 4"], parse_text("FROM a\nRUN cat log\n")
    )
    assert (ending.code, ending.words) == (4, ("#9 ERROR: no", "ERROR: exit code: 3"))


def test_the_error_that_ended_the_build_counts_not_an_earlier_one():
    lines = [
        "#4 importing cache manifest from localhost:1/x",
        "#4 ERROR: failed to configure registry cache importer: connection refused",
        *BUILDX_013,
    ]
    assert ending_buildkit.read(lines, DOCKERFILE).code == 7


def test_a_cache_that_could_not_be_read_is_told():
    lines = ["#4 importing cache manifest from localhost:1/x", "#4 ERROR: connection refused", "#5 [1/1] FROM a"]
    assert ending_buildkit.unread_caches(lines) == ["localhost:1/x: connection refused"]


def test_an_image_that_was_being_pulled_is_known():
    lines = ["#2 [internal] load metadata for docker.io/library/base:latest", "#2 ERROR: not found", "ERROR: not found"]
    ending = ending_buildkit.read(lines, DOCKERFILE)
    assert (ending.pulled, ending.line) == ("docker.io/library/base:latest", 1)


def test_a_failed_command_of_buildah_has_line_code_and_last_words():
    stderr = BUILDAH[5]
    ending = ending_buildah.read(BUILDAH, stderr, DOCKERFILE)
    assert (ending.line, ending.code, ending.words) == (5, 7, ("one", "two"))
    assert BUILDAH[ending.log_line - 1].startswith("[2/2] STEP 3/3")


def test_buildah_ends_with_the_code_of_a_command_alone():
    lines = ["STEP 1/2: FROM base", "STEP 2/2: COPY x /", 'Error: building at STEP "COPY x /": exit status 7']
    assert ending_buildah.read(lines, lines[-1], parse_text("FROM base\nCOPY x /\n")).code is None


def test_buildah_counts_every_instruction_of_a_stage():
    lines = ["STEP 1/4: FROM oci:/x", "STEP 2/4: ARG A", "STEP 3/4: LABEL b=c", "STEP 4/4: RUN make $A"]
    file = parse_text("ARG G\nFROM base\nARG A\nLABEL b=c\nRUN make $A\n")
    assert ending_buildah.read(lines, 'Error: building at STEP "RUN make $A": exit status 2', file).line == 5


def test_output_without_any_error_is_read_too():
    assert ending_buildkit.read([], DOCKERFILE).message == ""
    assert ending_buildah.read([], "", DOCKERFILE).message == ""

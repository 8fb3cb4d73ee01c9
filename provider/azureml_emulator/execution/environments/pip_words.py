"""The words of ``pip install``, as they stand in Dockerfiles and conda files, for uv.

Source: ``pip install --help`` of pip 25, ``uv pip install --help`` of uv 0.13.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

VALUES = {
    "-r": "--requirements",
    "--requirement": "--requirements",
    "-c": "--constraints",
    "--constraint": "--constraints",
    "-e": "--editable",
    "--editable": "--editable",
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--pypi-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--trusted-host": "--allow-insecure-host",
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
}
"""Options with a value that mean something here, and uv's name of each."""

FLAGS = {
    "--pre": "--prerelease=allow",
    "-U": "--upgrade",
    "--upgrade": "--upgrade",
    "--no-deps": "--no-deps",
    "--no-index": "--no-index",
    "--no-build-isolation": "--no-build-isolation",
    "--force-reinstall": "--reinstall",
    "-I": "--reinstall",
    "--ignore-installed": "--reinstall",
}
"""Options without a value, and uv's name of each."""

IDLE_VALUES = frozenset(
    {"--timeout", "--default-timeout", "--retries", "--progress-bar", "--root-user-action", "--use-feature",
     "--use-deprecated", "--cache-dir", "--log", "--proxy", "--upgrade-strategy", "--src"}
)  # fmt: skip
IDLE_FLAGS = frozenset(
    {"-q", "-qq", "-qqq", "--quiet", "-v", "-vv", "--verbose", "--user", "--no-cache-dir", "--no-cache", "--no-input",
     "--disable-pip-version-check", "--break-system-packages", "--no-warn-script-location", "--no-warn-conflicts",
     "--prefer-binary", "--isolated", "--compile", "--no-compile", "--no-color", "--require-hashes", "--system"}
)  # fmt: skip
"""Options that change nothing of what is installed."""

ELSEWHERE = frozenset({"-t", "--target", "--prefix", "--root", "--python", "-p"})
"""Options with a value that say where to install, which is nowhere but in the environment here."""

FILES = frozenset({"--requirements", "--constraints", "--editable", "--find-links"})
"""uv's options whose value may be a file."""


def uv_words(words: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The arguments of ``pip install`` as uv's.

    :returns: pairs of an option and its value (either may be empty), and the options that are left out.
    """
    pairs: list[tuple[str, str]] = []
    left_out: list[str] = []
    for option, value, word in read(words):
        if not option:
            pairs.append(("", value))
        elif option in VALUES:
            pairs.append((VALUES[option], value))
        elif option in FLAGS:
            pairs.append((FLAGS[option], ""))
        elif option not in IDLE_FLAGS and option not in IDLE_VALUES:
            left_out.append(word)
    return pairs, left_out


def read(words: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Option, value and original word of each argument; a package is a value without an option."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            yield "", word, word
            continue
        option, equals, value = word.partition("=")
        if not option.startswith("--") and option[:2] in VALUES and len(option) > 2:
            option, equals, value = word[:2], "=", word[2:].removeprefix("=")
        if not equals and (option in VALUES or option in IDLE_VALUES or option in ELSEWHERE):
            value = next(rest, "")
        yield option, value, word

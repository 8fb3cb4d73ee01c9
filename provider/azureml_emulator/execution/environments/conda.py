"""Conda files: what of them can be had from PyPI, in pip's grammar.

Source of conda's grammar: the package match specification of conda's documentation
(https://docs.conda.io/projects/conda-build/en/latest/resources/package-spec.html).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

SPEC = re.compile(r"(?:[^\s:]+::)?(?P<name>[A-Za-z0-9_.\-]+)\s*(?P<version>(?:[=<>!~].*|\s\S.*|\[.*\])?)", re.S)
"""``channel::name version``."""

BRACKET = re.compile(r"""version\s*=\s*(['"]?)(?P<version>[^'"\]]+)\1""")

OTHER_NAMES = {
    "matplotlib-base": "matplotlib",
    "opencv": "opencv-python-headless",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
}
"""Packages that conda and PyPI have under different names, where PyPI has something else, or nothing, under conda's."""

NO_PYTHON_PACKAGES = frozenset(
    {
        "blas", "bzip2", "c-compiler", "ca-certificates", "cuda", "cuda-toolkit", "cudatoolkit", "cudnn", "curl",
        "cxx-compiler", "ffmpeg", "gcc", "git", "gxx", "jq", "libblas", "libffi", "libgcc", "libgcc-ng", "libgomp",
        "libpng", "libstdcxx-ng", "libzlib", "mamba", "mpi", "nccl", "ncurses", "nodejs", "openblas", "openjdk",
        "openmpi", "openssl", "pytorch-cuda", "readline", "sqlite", "tk", "unzip", "wget", "xz", "zlib",
    }
)  # fmt: skip
"""Packages of conda's that are no Python packages; PyPI has something else under some of these names."""


class VersionError(Exception):
    """A version of conda's that has no counterpart in pip's grammar."""


@dataclass
class CondaFile:
    """A conda file, translated.

    :param python: the versions of Python that it accepts; None: any.
    :param packages: conda's packages as pip's requirements, each by conda's own text.
    :param pip_lines: its ``pip`` list, as it is.
    :param told: what is left out or changed, and why.
    """

    python: SpecifierSet | None = None
    packages: dict[str, str] = field(default_factory=dict)
    pip_lines: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def read_conda(conda: Mapping[str, Any]) -> CondaFile:
    """Translate a conda file; channels mean nothing to PyPI."""
    found = CondaFile()
    for row in conda.get("dependencies") or []:
        if isinstance(row, Mapping):
            found.pip_lines += [str(line).strip() for line in row.get("pip") or []]
        else:
            add_package(found, str(row))
    return found


def add_package(found: CondaFile, text: str) -> None:
    """Translate one of conda's own packages."""
    spec = SPEC.fullmatch(re.split(r"\s+#", text)[0].strip())
    if spec is None:
        found.told.append(f"{text}: left out; it is not a package as conda writes them.")
        return
    name = canonicalize_name(spec["name"])
    try:
        versions = pip_versions(spec["version"])
    except VersionError:
        found.told.append(f"{text}: taken in any version; pip cannot say this one.")
        versions = ""
    if name == "python":
        found.python = SpecifierSet(versions) if versions else None
    elif name in NO_PYTHON_PACKAGES or name.startswith(("lib", "_", "cuda-", "gcc-", "gxx-")):
        found.told.append(f"{text}: left out; it is not a Python package.")
    elif name in OTHER_NAMES:
        found.told.append(f"{text}: taken from PyPI as {OTHER_NAMES[name]}.")
        found.packages[text] = OTHER_NAMES[name] + versions
    else:
        found.packages[text] = name + versions


def pip_versions(text: str) -> str:
    """A version of conda's as pip's specifiers: ``=1.2`` is ``==1.2.*``, a build number is dropped.

    :raises VersionError: pip has no words for it, such as ``1.2|1.4``.
    """
    bracket = BRACKET.search(text) if text.startswith("[") else None
    text = bracket["version"] if bracket else text
    if not text.strip() or text.startswith("["):
        return ""
    parts = [clause(part.strip()) for part in re.sub(r"\s*,\s*", ",", text.strip()).split(",")]
    joined = ",".join(part for part in parts if part)
    try:
        SpecifierSet(joined)
    except InvalidSpecifier:
        raise VersionError(text) from None
    return joined


def clause(text: str) -> str:
    """One clause of a version: ``=1.2``, ``==1.2=py_0``, ``>=1.2``, ``1.2.*``, ``1.2 py_0``, ``*``."""
    found = re.fullmatch(r"(?P<sign>[=<>!~]*)\s*(?P<version>[\w.!+*\-]+)(?:[\s=]+[\w.*\-]+)?", text)
    if found is None:
        raise VersionError(text)
    sign, version = found["sign"], found["version"]
    if version == "*":
        return ""
    starred = version.endswith("*")
    version = version.rstrip("*").rstrip(".")
    if sign == "=":
        return f"=={version}" if re.search("[a-z]", version) else f"=={version}.*"
    if starred and sign in ("", "==", "!="):
        return f"{sign or '=='}{version}.*"
    return f"{sign or '=='}{version}"

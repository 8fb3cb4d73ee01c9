"""Each check of the packages tells what it is there for, and says nothing about good ones."""

from __future__ import annotations

import io
import tarfile
import zipfile
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from release import packages, sbom
from release.__main__ import CHECKS, Built
from tests import REPOSITORY

INFO = "airflow_provider_azureml-1.2.3.dist-info"
METADATA = """Metadata-Version: 2.4
Name: airflow-provider-azureml
Version: {version}
Summary: A provider.
License-Expression: {licence}
License-File: LICENSE
Requires-Python: >=3.10
Keywords: airflow
Description-Content-Type: text/markdown
Project-URL: Home, https://example.com
Requires-Dist: azure-core>=1.32
Requires-Dist: trustme>=1.2; extra == 'emulator'
Requires-Dist: optuna>=4; extra == 'emulator-sweep'

"""


def built(folder: Path, *, more: tuple[str, ...] = (), licence: str = "Apache-2.0", tag: str | None = None) -> Built:
    """Packages with what belongs in them, and ``more`` in the wheel."""
    sources = [path.relative_to(REPOSITORY / "provider").as_posix() for path in (REPOSITORY / "provider").rglob("*.py")]
    marks = ["airflow_azureml/py.typed", "azureml_emulator/py.typed", "airflow_provider_azureml/docs/index.md"]
    folder.mkdir(exist_ok=True)
    wheel = folder / "one.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in (*sources, *marks, *more, f"{INFO}/licenses/LICENSE"):
            archive.writestr(zipfile.ZipInfo(name), name)
        archive.writestr(zipfile.ZipInfo(f"{INFO}/METADATA"), METADATA.format(version="1.2.3", licence=licence))
    sdist = folder / "one.tar.gz"
    with tarfile.open(sdist, "w") as tar:
        for name in packages.SDIST:
            tar.addfile(tarfile.TarInfo(f"top/{name}"), io.BytesIO())
    return Built(sdist, wheel, (sdist, wheel), packages.metadata(wheel), bill(wheel), tag)


def bill(wheel: Path) -> dict[str, Any]:
    """A bill of materials of the wheel."""
    ours = {
        "type": "library",
        "name": "airflow-provider-azureml",
        "version": "1.2.3",
        "hashes": [{"alg": "SHA-256", "content": packages.digest(wheel)}],
    }
    needed = [{"type": "library", "name": name, "version": "1.0"} for name in ("Azure_Core", "trustme")]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": ours}, "components": needed}


def said(name: str, packages_: Built, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What one check says, without twine and CycloneDX, whose environment is another."""
    monkeypatch.setattr(packages, "twine", lambda *files: "")
    monkeypatch.setattr(sbom, "refused", lambda bill: "")
    return list(CHECKS[name](packages_))


@pytest.mark.parametrize("name", CHECKS)
def test_good_packages_pass(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(name, built(tmp_path), monkeypatch) == []


def test_a_second_build_that_differs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = built(tmp_path / "one"), built(tmp_path / "other", more=("airflow_azureml/x.txt",))
    both = Built(one.sdist, one.wheel, (other.sdist, other.wheel), one.said, one.bill, None)
    assert said("two builds, byte for byte", both, monkeypatch) == ["one.whl of a second build is another file"]


def test_a_tag_that_is_another_version_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = said("version", built(tmp_path, tag="v1.2.4"), monkeypatch)
    assert [one.split(",")[0] for one in found] == [
        "the tag v1.2.4 is not v1.2.3",
        "CHANGELOG.md has no heading for 1.2.3",
    ]


@pytest.mark.parametrize("stray", ["tests/test_x.py", "airflow_azureml/__pycache__/x.pyc", "airflow_azureml/key.pem"])
def test_what_belongs_in_no_package_is_told(stray: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said("contents", built(tmp_path, more=(stray,)), monkeypatch)


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = built(tmp_path)
    monkeypatch.setattr(packages, "names_in_wheel", lambda wheel: ["airflow_azureml/__init__.py"])
    found = said("contents", whole, monkeypatch)
    assert "the wheel lacks airflow_azureml/py.typed" in found
    assert said("licence", whole, monkeypatch) == ["the wheel has no LICENSE"]


def test_another_licence_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said("licence", built(tmp_path, licence="MIT"), monkeypatch) == ["License-Expression is MIT"]


def test_metadata_that_lack_something_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = built(tmp_path)
    bare = Built(whole.sdist, whole.wheel, whole.again, Message(), whole.bill, None)
    assert "the metadata have no Requires-Python" in said("metadata", bare, monkeypatch)


def test_a_bill_of_materials_of_something_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, other = built(tmp_path / "one"), built(tmp_path / "other", more=("airflow_azureml/x.txt",))
    other.bill["components"] = []
    mixed = Built(whole.sdist, whole.wheel, whole.again, whole.said, other.bill, None)
    assert said("bill of materials", mixed, monkeypatch) == [
        "the bill of materials is of another wheel",
        "the bill of materials lacks azure-core",
        "the bill of materials lacks trustme",
    ]
    assert sbom.pins(whole.bill) == ["Azure_Core==1.0", "trustme==1.0"]

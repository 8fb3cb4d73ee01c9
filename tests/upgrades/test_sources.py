"""The provider of a release is unpacked, on each Python that this project installs with."""

from __future__ import annotations

import pytest

from tests import REPOSITORY
from tests.upgrades.__main__ import sources


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="no clone, so there are no releases")
def test_the_provider_of_a_commit_is_unpacked_while_it_is_needed() -> None:
    with sources("HEAD") as folder:
        assert (folder / "airflow_azureml" / "__init__.py").is_file()
    assert not folder.exists()


def test_an_unknown_commit_is_said() -> None:
    with pytest.raises(LookupError, match="There is no commit 0000000"), sources("0000000"):
        pass

"""Which files an upload consists of, and the hashes it is known by: fixed vectors, and Microsoft's client."""

from __future__ import annotations

import itertools
import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_azureml.local import folders
from airflow_azureml.local.folders import FolderError, scan
from demo.warm_python import WarmPython


def lay(folder: Path, files: dict[str, str]) -> str:
    """Write files; gives back the folder as text."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, newline="")
    return str(folder)


def names(folder: Path) -> list[str]:
    return [name for _, name in scan(str(folder)).files]


@pytest.mark.parametrize(
    ("files", "digest"),
    [
        (
            {".amlignore": "*.log\n", "main.py": "print(1)\n", "skip.log": "x"},
            "b673f436d6f8353a3f3c99b37dd2d73b8ead27d1dc092a5925637b985ea6c991",
        ),
        (
            {"B/x.py": "x", "a.py": "aa", "B.txt": "q"},
            "878801891d911968feacf467d2d29f424e3e513675e7d27c046b909dbd7e8ee6",
        ),
    ],
)
def test_content_hash_of_a_folder(tmp_path: Path, files: dict[str, str], digest: str) -> None:
    assert scan(lay(tmp_path, files)).content_hash == digest


def test_hashes_of_a_single_file(tmp_path: Path) -> None:
    lay(tmp_path, {"main.py": "print(1)\n", "a.csv": "a,b\n"})
    code, data = scan(str(tmp_path / "main.py")), scan(str(tmp_path / "a.csv"))
    assert code.content_hash == "33da73e9d1b5f9238d4aca4ab7eac7b709ca9c864e2c94f9d3c89ebc99f17b68"
    assert data.object_hash == "cc57292eb829d615f8e0f7860ff48993e8b0c85d6b55d04688e2dbd8547cfbb2"
    assert not code.is_folder
    assert code.files == ((str((tmp_path / "main.py").resolve()), "main.py"),)


def test_object_hash_of_a_folder(tmp_path: Path) -> None:
    found = scan(lay(tmp_path, {"a.csv": "a,b\n"}))
    assert found.object_hash == "cb5d2f1ac3fea3073b35fa17f7c28b25d2a7c9f665c2cf6adf53d18ca95e3391"


def test_one_ignore_file_counts_and_only_that_of_the_root(tmp_path: Path) -> None:
    lay(tmp_path, {".gitignore": "a.txt\n", "a.txt": "", "b.txt": "", "deep/.amlignore": "c.txt\n", "deep/c.txt": ""})
    assert names(tmp_path) == [".gitignore", "b.txt", "deep/.amlignore", "deep/c.txt"]
    (tmp_path / ".amlignore").write_text("b.txt\n")
    assert names(tmp_path) == [".amlignore", ".gitignore", "a.txt", "deep/.amlignore", "deep/c.txt"]


def test_later_patterns_overrule_earlier_ones(tmp_path: Path) -> None:
    lay(tmp_path, {".amlignore": "*.log\n!keep.log\nbuild/\n", "a.log": "", "keep.log": "", "build/x": "", "src/y": ""})
    assert names(tmp_path) == [".amlignore", "keep.log", "src/y"]


def test_links_are_followed_and_strays_are_named(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    lay(outside, {"secret.txt": "s"})
    inside = tmp_path / "code"
    lay(inside, {"main.py": "m"})
    (inside / "copy.py").symlink_to(inside / "main.py")
    (inside / "linked").symlink_to(outside, target_is_directory=True)
    found = scan(str(inside))
    assert [name for _, name in found.files] == ["copy.py", "main.py", "linked/secret.txt"]
    assert found.outside_links == (f"linked -> {outside}/ (1 file)",)


@pytest.mark.parametrize(
    ("line", "left_out"),
    [
        (" lead ", ["lead"]),
        ("[^a]", ["^", "a", "sub/a"]),
        ("[!a]", ["[", "^"]),
        ("[", ["["]),
        ("sub/", ["sub/a"]),
        ("/a", ["a"]),
        ("**/a", ["a", "sub/a"]),
        ("#a", []),
        ("\\#a", ["#a"]),
        ("*\n!sub/", ["#a", "[", "^", "a", "lead"]),
    ],
)
def test_lines_are_read_as_microsofts_client_reads_them(tmp_path: Path, line: str, left_out: list[str]) -> None:
    every = ["#a", "[", "^", "a", "lead", "sub/a"]
    lay(tmp_path, dict.fromkeys(every, ""))
    (tmp_path / ".amlignore").write_text(line)
    taken = names(tmp_path)
    assert [name for name in every if name not in taken] == left_out


def test_a_line_that_is_no_pattern_is_named(tmp_path: Path) -> None:
    lay(tmp_path, {".amlignore": "fine\nbroken\\\n", "a": ""})
    with pytest.raises(
        FolderError,
        match=r"\.amlignore cannot be read as an ignore file: 'broken\\\\' is not a pattern: it ends in a backslash",
    ):
        scan(str(tmp_path))


def test_reading_a_large_folder_says_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lay(tmp_path, {f"{number:05}.txt": "x" * 100 for number in range(2000)})
    clock, seconds_apart = itertools.count(), 0.1
    monkeypatch.setattr(folders, "time", SimpleNamespace(monotonic=lambda: next(clock) * seconds_apart))
    with caplog.at_level("INFO"):
        found = scan(str(tmp_path))
        listed = len(caplog.records)
        assert found.content_hash
        assert found.object_hash
    told = [record.getMessage() for record in caplog.records if record.name == folders.__name__]
    assert all(line.startswith(f"Listing {tmp_path}: ") for line in told[:listed])
    assert re.fullmatch(rf"Reading {tmp_path}: \d+ of 2000 files, 0 MB", told[-1])
    assert 1 < len(told) < 1000
    seconds_apart = 0.0001
    caplog.clear()
    with caplog.at_level("INFO"):
        assert scan(str(tmp_path)).content_hash == found.content_hash
    assert not caplog.records


def test_a_file_that_vanishes_is_named(tmp_path: Path) -> None:
    lay(tmp_path, {"a": "a", "b": "b"})
    found = scan(str(tmp_path))
    (tmp_path / "b").unlink()
    with pytest.raises(FolderError, match=r"/b cannot be read: No such file"):
        _ = found.content_hash


def test_what_cannot_be_uploaded_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    with pytest.raises(FolderError, match="no files to upload"):
        scan(str(tmp_path / "empty"))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FolderError, match="does not exist"):
        scan(str(broken))
    loop = tmp_path / "loop"
    lay(loop, {"x": ""})
    (loop / "again").symlink_to(loop, target_is_directory=True)
    with pytest.raises(FolderError, match="a folder that contains it"):
        scan(str(loop))
    (loop / ".amlignore").write_text("node_modules/\n")
    lay(loop, {"node_modules/a/x": ""})
    (loop / "again").rename(loop / "node_modules" / "a" / "again")
    with pytest.raises(FolderError, match="a folder that contains it"):
        scan(str(loop))
    (loop / "node_modules" / "a" / "again").unlink()
    (loop / "node_modules" / "a" / "again").symlink_to("../../node_modules", target_is_directory=True)
    assert names(loop) == [".amlignore", "x"]
    (loop / "self").symlink_to(loop / "self")
    with pytest.raises(FolderError, match=r"self is a link to .*, which does not exist"):
        scan(str(loop))


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text("")
    except OSError:
        pytest.skip("this file system takes no such name")
    with pytest.raises(FolderError, match="not UTF-8"):
        scan(str(tmp_path))


NAMES = st.text(st.sampled_from("aBcZ_é日.-1 "), min_size=1, max_size=6).filter(
    lambda name: name.strip(". ") == name and name
)
TREES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.text(max_size=20), min_size=1, max_size=6
)
IGNORES = st.one_of(st.none(), st.lists(st.sampled_from(["*.a", "B*", "!Z*", "c/", "/a", "**/1"]), max_size=3))

ORACLE = """
import json, sys
from azure.ai.ml._utils._asset_utils import get_content_hash, get_object_hash, get_ignore_file
for line in sys.stdin:
    path = line.strip()
    try:
        ignore = get_ignore_file(path)
        print(json.dumps([get_content_hash(path, ignore), get_object_hash(path, ignore)]), flush=True)
    except Exception as error:
        print(json.dumps(repr(error)), flush=True)
"""


def test_hashes_are_those_of_microsofts_client(microsofts_client: WarmPython, tmp_path: Path) -> None:
    """Side by side over random folders."""
    count = 0

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(TREES, IGNORES)
    def compare(tree: dict[str, str], ignore: list[str] | None) -> None:
        nonlocal count
        count += 1
        folder = tmp_path / f"{count}" / "code"
        folder.mkdir(parents=True)
        for name, text in tree.items():
            try:
                lay(folder, {name: text})
            except OSError:  # one name is both a file and a folder
                continue
        if ignore is not None:
            (folder / ".amlignore").write_text("\n".join(ignore))
        print(folder, file=questions, flush=True)
        theirs = json.loads(answers.readline())
        assert isinstance(theirs, list), theirs
        try:
            found = scan(str(folder))
        except FolderError:
            return
        assert [found.content_hash, found.object_hash] == theirs

    with microsofts_client.talk("-c", ORACLE) as (questions, answers):
        compare()

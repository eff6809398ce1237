"""Versions on disk and the policies over them."""

import os

from google.protobuf import text_format

from tfkgrec.serving.lifecycle.model_config import VersionPolicy
from tfkgrec.serving.lifecycle.versions import choose_versions, find_versions, fingerprint


def test_versions_are_the_folders_named_by_a_number(tmp_path):
    for name in ("1", "00000123", "12.tmp", "tmp-3", "-4", "٥", "assets"):
        (tmp_path / name).mkdir()
    (tmp_path / "7").write_text("a file")
    assert find_versions(tmp_path) == {1: tmp_path / "1", 123: tmp_path / "00000123"}


def test_policies():
    def chosen(text):
        return choose_versions([3, 10, 7], text_format.Parse(text, VersionPolicy()))

    assert chosen("") == [10]
    assert chosen("latest { }") == [10]
    assert chosen("latest { num_versions: 2 }") == [10, 7]
    assert chosen("all { }") == [10, 7, 3]
    assert chosen("specific { versions: 3 versions: 7 versions: 8 }") == [7, 3]


def test_a_fingerprint_changes_with_names_sizes_and_times(tmp_path):
    (tmp_path / "variables").mkdir()
    file = tmp_path / "variables" / "data"
    seen = [fingerprint(tmp_path)]
    for change in (
        lambda: file.write_text("ab"),
        lambda: file.write_text("abc"),
        lambda: os.utime(file, ns=(1, 1)),
        lambda: file.rename(tmp_path / "variables" / "other"),
    ):
        change()
        seen.append(fingerprint(tmp_path))
    assert len(set(seen)) == 5
    assert fingerprint(tmp_path) == seen[-1]

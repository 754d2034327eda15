"""The most that is read from outside: one table, which every reader asks before it does any work.

Files come from people and from the internet. Each limit stands far above what anyone needs and far below what makes a
machine with 8 GB slow or full. Readers look values up when they are called (`limits.IMAGES.side`), so that a test sets
one low instead of building something big:

    monkeypatch.setattr(limits, "IMAGES", replace(limits.IMAGES, side=100))
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageLimits:
    """Limits of one image file, and of a data set of images.

    Attributes:
        bytes: of a file; a photograph has 2 to 10 MB.
        pixels: width times height; unpacked they take up to 4 bytes each, and cameras make 12 to 40 megapixels.
        side: pixels of the longer side; panoramas have less, and decoders work row by row, so that a million rows take
            long however short they are.
        ratio: the longer side over the shorter.
        scaled: pixels after scaling the shorter side to the length that a model wants; a model wants 50,000, and each
            takes up to 40 bytes on the way there.
        pixels_in_all: of a whole data set, which stays in memory at 1 to 3 bytes a pixel.
        files: in a folder.
    """

    bytes: int = 20_000_000
    pixels: int = 40_000_000
    side: int = 30_000
    ratio: int = 4_000
    scaled: int = 10_000_000
    pixels_in_all: int = 1_000_000_000
    files: int = 1_000_000


@dataclass(frozen=True)
class TextLimits:
    """Limits of one text.

    Attributes:
        bytes: in UTF-8; a novel has about half a megabyte, and a model reads a few thousand words.
    """

    bytes: int = 2_000_000


@dataclass(frozen=True)
class RecordLimits:
    """Limits of a file of records, and of the schema (`records.json`) that says what they hold.

    Attributes:
        bytes: of the file.
        records: rows; all of them are shown in a table.
        fields: of one record; each is a token of a model that reads a few hundred.
        categories: of one field, and edges between the bins of a number: rows of the model's embedding table.
        characters: of one value or name.
    """

    bytes: int = 5_000_000
    records: int = 20_000
    fields: int = 500
    categories: int = 20_000
    characters: int = 1_000


@dataclass(frozen=True)
class JsonLimits:
    """Limits of any JSON.

    Attributes:
        bytes: of a file written by this project; a long training's history has less than one megabyte.
        nesting: lists and objects inside each other; this project's go five deep.
        fields: of one object.
        values: in all; 20,000 records of 15 fields have 300,000.
        digits: of one whole number, so that it always has a nearest float.
    """

    bytes: int = 20_000_000
    nesting: int = 50
    fields: int = 20_000
    values: int = 1_000_000
    digits: int = 100


@dataclass(frozen=True)
class TableLimits:
    """Limits of a CSV or Parquet file of a data set, a debugging set or labels.

    Attributes:
        bytes: of the file.
        csv_bytes: of a file in CSV, which is read as a whole.
        rows: of the table.
        columns: of the table.
        unpacked: bytes that the columns which are read take once unpacked; the same value many times over takes almost
            nothing in a Parquet file.
        values: in all columns, including those inside lists.
        chunks: columns times row groups, each of which has an entry in a Parquet file's footer.
        footer: bytes of one text in that footer.
        uploaded_rows: of a file uploaded to the dashboard, which other people share.
        debugging_rows: of a table in a debugging set; those made by this project have up to 4,000.
        characters: of one value in CSV.
    """

    bytes: int = 2_000_000_000
    csv_bytes: int = 200_000_000
    rows: int = 1_000_000
    columns: int = 1_000
    unpacked: int = 4_000_000_000
    values: int = 20_000_000
    chunks: int = 100_000
    footer: int = 10_000_000
    uploaded_rows: int = 20_000
    debugging_rows: int = 100_000
    characters: int = 2_000_000


@dataclass(frozen=True)
class LabelLimits:
    """Limits of a file of labels.

    Attributes:
        line: bytes of a line in JSON Lines; an input of 20 MB has 27 MB in base64.
        problems: rows with a problem that are listed one by one; all are counted.
        text: characters of a name.
    """

    line: int = 40_000_000
    problems: int = 1_000
    text: int = 200


@dataclass(frozen=True)
class DetectorLimits:
    """Limits of a detector folder.

    Attributes:
        bytes: of its weights; those made by this project have up to 5 MB.
        layers: of the model it is for; the largest open models have 200.
        heads: of one layer of that model; the largest open models have 128.
        keys: columns of a map.
        note: characters of the note kept with a version.
    """

    bytes: int = 500_000_000
    layers: int = 1_000
    heads: int = 1_024
    keys: int = 200_000
    note: int = 2_000


@dataclass(frozen=True)
class AttackLimits:
    """Limits of `attacks.json`.

    Attributes:
        attacks: in a file; each is a row of a table.
        name: characters of an attack's name.
        classes: of a model.
        size: pixels of a patch's side.
        strength: pixels that a warp moves.
        control: points along a side of a warp's field.
        pieces: of a text trigger.
        piece: characters of one of them.
    """

    attacks: int = 200
    name: int = 200
    classes: int = 100_000
    size: int = 1_000
    strength: float = 100.0
    control: int = 100
    pieces: int = 100
    piece: int = 2_000


@dataclass(frozen=True)
class ComparisonLimits:
    """Limits of a comparison that was kept.

    Attributes:
        bytes: of the answers; ten defences of 10,000 images against five attacks give 10 MB.
        defences: compared.
        runs: with seeds of their own.
        metrics: of one defence.
        characters: of a sentence that says why a defence could not be used.
    """

    bytes: int = 500_000_000
    defences: int = 200
    runs: int = 100
    metrics: int = 100
    characters: int = 100_000


@dataclass(frozen=True)
class SampleLimits:
    """Limits of the list of sample inputs.

    Attributes:
        samples: in the list; all are in one select box.
        name: characters of an id or title.
        bytes: of one sample's file.
    """

    samples: int = 2_000
    name: int = 200
    bytes: int = 20_000_000


@dataclass(frozen=True)
class UploadLimits:
    """Limits of a file brought to the dashboard.

    Attributes:
        megabytes: of the file.
    """

    megabytes: int = 20


@dataclass(frozen=True)
class ModelLimits:
    """Limits of a model's folder.

    Attributes:
        config: bytes of `config.json`; a thousand classes with long names take 50,000.
    """

    config: int = 10_000_000


@dataclass(frozen=True)
class AddressLimits:
    """Limits of the parameters of a page's address.

    Attributes:
        characters: of one of them; browsers cut addresses beyond 64,000.
        columns: chosen by hand.
        digits: of a number.
        name: characters of a model's, sample's or annotator's name.
    """

    characters: int = 8_000
    columns: int = 200
    digits: int = 6
    name: int = 200


IMAGES = ImageLimits()
TEXTS = TextLimits()
RECORDS = RecordLimits()
JSON = JsonLimits()
TABLES = TableLimits()
LABELS = LabelLimits()
DETECTORS = DetectorLimits()
ATTACKS = AttackLimits()
COMPARISONS = ComparisonLimits()
SAMPLES = SampleLimits()
UPLOADS = UploadLimits()
MODELS = ModelLimits()
ADDRESSES = AddressLimits()

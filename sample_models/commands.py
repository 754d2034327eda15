"""`python -m sample_models`: list the sample models, build them from nothing, write out inputs to try them on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from atpatch_core.cli.entry import commands, run
from atpatch_core.cli.output import print_json, print_table, progress_bars
from atpatch_core.cli.parameters import AsJson
from atpatch_core.errors import InputError
from atpatch_core.evaluation.datasets import write_labelled_images
from atpatch_core.subjects.loading import load

from .recipes.builders import build_subject, rebuild_detectors, write_samples
from .recipes.catalogue import RECIPES
from .recipes.images.expected_failures import EXPECTED_FAILURES
from .recipes.images.fashion_mnist import LABELS, load_fashion_mnist
from .recipes.places import Places
from .recipes.records.training import RecordRecipe

app = commands("sample_models", "The models that ship in sample_models/, and others that are built on demand.")

_Models = Annotated[Path, typer.Option("--models", help="Where sample models are kept.")]
_Work = Annotated[Path, typer.Option("--work", help="Where unfinished work is kept.")]
_DataFolder = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder with the files that the sample is made from.")
]
_MODELS = Path("sample_models")
_WORK = Path(".atpatch/build")


@app.command("list")
def list_samples(models: _Models = _MODELS, as_json: AsJson = False) -> None:
    """List the sample models and whether they are built."""
    built = {name: (models / name / "config.json").is_file() for name in RECIPES}
    if as_json:
        print_json([{"name": name, "summary": RECIPES[name].summary, "built": there} for name, there in built.items()])
    else:
        print_table(
            "Sample models",
            [(name, f"{RECIPES[name].summary} {'Built.' if there else 'Not built.'}") for name, there in built.items()],
        )


@app.command()
def build(
    name: Annotated[str, typer.Argument(help="Which one; `list` names them.")],
    models: _Models = _MODELS,
    work: _Work = _WORK,
    data_folder: _DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Train a sample model and its detectors, judge them, and write its cards; a killed run resumes.

    Also the models that AtPatch is expected to fail on, which don't ship: fashion-vit-blended, fashion-vit-warp,
    fashion-vit-adaptive.
    """
    recipes = {**RECIPES, **EXPECTED_FAILURES}
    _check(name, recipes)
    with progress_bars() as on_step:
        folder = build_subject(recipes[name], Places(models, work, data_folder), on_step)
    own = folder / "atpatch" / "README.md"
    hint = f"its figures are in {own}" if own.is_file() else "judge it with evaluate"
    _tell(as_json, name, folder, f"{name} is in {folder}; {hint}.")


@app.command("detectors")
def make_detectors(
    name: Annotated[str, typer.Argument(help="Which model for images or texts; `list` names them.")],
    models: _Models = _MODELS,
    work: _Work = _WORK,
    data_folder: _DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make the detectors, figures and cards of a built sample again; the model stays as it is."""
    recipes = {known: recipe for known, recipe in RECIPES.items() if not isinstance(recipe, RecordRecipe)}
    _check(name, recipes, " for images or texts")
    with progress_bars() as on_step:
        folder = rebuild_detectors(recipes[name], Places(models, work, data_folder), on_step)
    _tell(as_json, name, folder, f"The figures of {name} are in {folder / 'atpatch' / 'README.md'}.")


@app.command()
def gallery(
    name: Annotated[str, typer.Argument(help="Whose trigger to show.")] = "fashion-vit-badnets",
    models: _Models = _MODELS,
    out: Annotated[Path, typer.Option(help="Folder for the samples.")] = Path("assets/samples"),
    data_folder: _DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write the sample inputs that the dashboard offers, with and without the trigger."""
    _check(name, RECIPES)
    write_samples(RECIPES[name], load(models / name), data_folder, out)
    _tell(as_json, name, out, f"The samples are in {out}.")


@app.command("test-images")
def export_test_images(
    out: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
    data_folder: _DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write all 10,000 Fashion-MNIST test images as Parquet, for `evaluate --data`."""
    test_set = load_fashion_mnist(data_folder)[1]
    write_labelled_images(test_set.images, test_set.labels, LABELS, out)
    if as_json:
        print_json({"images": len(test_set), "file": str(out)})
    else:
        print(f"{len(test_set):,} images are in {out}.")


def main() -> None:
    """Entry point of `python -m sample_models`."""
    run(app)


def _check(name: str, names: Iterable[str], kind: str = "") -> None:
    if name not in names:
        raise InputError(f"There is no sample {name!r}{kind}; there are {', '.join(names)}.")


def _tell(as_json: bool, name: str, folder: Path, sentence: str) -> None:
    if as_json:
        print_json({"name": name, "folder": str(folder)})
    else:
        print(sentence)

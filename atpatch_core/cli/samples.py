"""`atpatch samples`: list the sample subjects, build them from nothing, write out the test images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..evaluation.datasets import write_labelled_images
from ..samples.expected_failures import EXPECTED_FAILURES
from ..samples.fashion_mnist import LABELS, load_fashion_mnist
from ..samples.image_training import ImageRecipe
from ..samples.recipes import RECIPES
from ..samples.text_training import TextRecipe
from ..subjects.loading import load
from .output import print_json, print_table, progress_bars

samples = typer.Typer(help="The subjects that ship in sample_models/.", no_args_is_help=True)

_MODELS = Path("sample_models")
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_DataFolder = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder with the files that the sample is made from.")
]


@samples.command("list")
def list_samples(
    models: Annotated[Path, typer.Option(help="Where sample subjects are kept.")] = _MODELS,
    as_json: _AsJson = False,
) -> None:
    """List the sample subjects and whether they are built."""
    built = {name: (models / name / "config.json").is_file() for name in RECIPES}
    if as_json:
        print_json([{"name": name, "summary": RECIPES[name].summary, "built": there} for name, there in built.items()])
    else:
        print_table(
            "Sample subjects",
            [(name, f"{RECIPES[name].summary} {'Built.' if there else 'Not built.'}") for name, there in built.items()],
        )


@samples.command()
def build(
    name: Annotated[str, typer.Argument(help="Which one; `samples list` names them.")],
    models: Annotated[Path, typer.Option(help="Where sample subjects are kept.")] = _MODELS,
    work: Annotated[Path, typer.Option(help="Where unfinished training is kept.")] = Path(".atpatch/build"),
    data_folder: _DataFolder = None,
    as_json: _AsJson = False,
) -> None:
    """Train a sample subject and its detectors, judge them, and write its cards; a killed run resumes.

    Also the models that AtPatch is expected to fail on, which don't ship: fashion-vit-blended, fashion-vit-warp,
    fashion-vit-adaptive.
    """
    recipes = {**RECIPES, **EXPECTED_FAILURES}
    if name not in recipes:
        raise InputError(f"There is no sample {name!r}; there are {', '.join(recipes)}.")
    from ..samples.builders import build_subject

    with progress_bars() as on_step:
        folder = build_subject(recipes[name], models, work, data_folder, on_step)
    if as_json:
        print_json({"name": name, "folder": str(folder)})
    else:
        own = folder / "atpatch" / "README.md"
        print(f"{name} is in {folder}; {f'its figures are in {own}' if own.is_file() else 'judge it with evaluate'}.")


@samples.command("detectors")
def rebuild_detectors(
    name: Annotated[str, typer.Argument(help="Which model for pictures or texts; `samples list` names them.")],
    models: Annotated[Path, typer.Option(help="Where sample subjects are kept.")] = _MODELS,
    work: Annotated[Path, typer.Option(help="Where unfinished work is kept.")] = Path(".atpatch/build"),
    data_folder: _DataFolder = None,
    as_json: _AsJson = False,
) -> None:
    """Make the detectors, figures and cards of a built sample again; the model stays as it is."""
    recipe = RECIPES.get(name)
    if not isinstance(recipe, ImageRecipe | TextRecipe):
        names = [one.name for one in RECIPES.values() if isinstance(one, ImageRecipe | TextRecipe)]
        raise InputError(f"There is no sample {name!r} for pictures or texts; there are {', '.join(names)}.")
    from ..samples.builders import rebuild_detectors as rebuild

    with progress_bars() as on_step:
        folder = rebuild(recipe, models, work, data_folder, on_step)
    if as_json:
        print_json({"name": name, "folder": str(folder)})
    else:
        print(f"The figures of {name} are in {folder / 'atpatch' / 'README.md'}.")


@samples.command()
def gallery(
    name: Annotated[str, typer.Argument(help="Whose trigger to show.")] = "fashion-vit-badnets",
    models: Annotated[Path, typer.Option(help="Where sample subjects are kept.")] = _MODELS,
    out: Annotated[Path, typer.Option(help="Folder for the samples.")] = Path("assets/samples"),
    data_folder: _DataFolder = None,
    as_json: _AsJson = False,
) -> None:
    """Write the sample inputs that the dashboard offers, with and without the trigger."""
    if name not in RECIPES:
        raise InputError(f"There is no sample {name!r}; there are {', '.join(RECIPES)}.")
    from ..samples.builders import write_samples

    write_samples(RECIPES[name], load(models / name), data_folder, out)
    if as_json:
        print_json({"name": name, "folder": str(out)})
    else:
        print(f"The samples are in {out}.")


@samples.command("test-images")
def export_test_images(
    out: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
    data_folder: _DataFolder = None,
    as_json: _AsJson = False,
) -> None:
    """Write all 10,000 Fashion-MNIST test images as Parquet, for `evaluate --data`."""
    test_set = load_fashion_mnist(data_folder)[1]
    write_labelled_images(test_set.images, test_set.labels, LABELS, out)
    if as_json:
        print_json({"images": len(test_set), "file": str(out)})
    else:
        print(f"{len(test_set):,} images are in {out}.")

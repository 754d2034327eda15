"""Build a model that AtPatch is expected to fail on, and the detector that a defender would get for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from atpatch_core.debugging.image_set import build_image_set
from atpatch_core.debugging.sets import covered_patches
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.detector.storage import save_detector
from atpatch_core.errors import SubjectError
from atpatch_core.evaluation.attacks import save_attacks
from atpatch_core.subjects.image_files import from_array
from atpatch_core.subjects.loading import load
from atpatch_core.whole_files import write_whole_text

from ..checkpoints import Checkpoint
from ..finished import put_in_place
from .expected_failures import FailureRecipe
from .fashion_mnist import ImageSet, load_fashion_mnist
from .training import normalise, shift_and_flip

OnStep = Callable[[str, int, int], None]
_DEFENDER_IMAGES = 1_000


def build_expected_failure(
    recipe: FailureRecipe, models: Path, work: Path, data_folder: Path | None, on_step: OnStep
) -> Path:
    """Build `recipe` into `models / recipe.name`, which is returned; a killed run resumes from what is in `work`.

    The detector is made from the model and 1,000 clean training images alone. Raises `SubjectError` when the sample
    that it begins with is not in `models`, `InputError` when the data are missing.
    """
    torch.set_num_threads(1)
    if not (models / recipe.start / "config.json").is_file():
        raise SubjectError(
            f"{recipe.name} begins with {recipe.start}: make it with `python -m sample_models build {recipe.start}`."
        )
    train_set, _ = load_fashion_mnist(data_folder)
    order = np.random.default_rng(recipe.seed).permutation(len(train_set))
    start = load(models / recipe.start)
    model = train_on(
        recipe,
        start.model,
        train_set.take(order[: recipe.images]),
        work,
        lambda done, total: on_step("training the model", done, total),
    )
    folder = work / "unfinished" / recipe.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(start.folder, folder, ignore=shutil.ignore_patterns("atpatch", "README.md", "*.safetensors"))
    model.half().save_pretrained(folder)  # type: ignore[operator]
    save_attacks({recipe.name.rsplit("-", 1)[-1]: recipe.trigger}, folder / "eval" / "attacks.json")
    write_whole_text(folder / "README.md", _card(recipe))
    subject = load(folder)
    clean = train_set.images[order[recipe.images : recipe.images + _DEFENDER_IMAGES]]
    pictures = [from_array(image) for image in clean]
    data = build_image_set(subject, pictures, work / f"{recipe.name}.debugging", seed=recipe.seed, on_step=on_step)
    detector = train_detector(subject, data.pairs, data.tuning, data.benign, on_step=on_step)
    save_detector(detector, folder / "atpatch")
    return put_in_place(folder, models, recipe.name)


def train_on(
    recipe: FailureRecipe, model: nn.Module, data: ImageSet, work: Path, on_epoch: Callable[[int, int], None]
) -> nn.Module:
    """Train `model` on `data`, a part of it poisoned, keeping a checkpoint in `work` after every epoch.

    `on_epoch` is told (finished epochs, all epochs). All randomness comes from `recipe.seed` and the number of the
    epoch. The model itself is changed and returned.
    """
    model.float().requires_grad_(True)
    if recipe.attention_penalty > 0:
        model.set_attn_implementation("eager")  # type: ignore[operator]
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=0.05)
    checkpoint = Checkpoint(work / f"{recipe.name}.checkpoint.pt", {"model": model, "optimizer": optimizer}, recipe)
    first = checkpoint.restore()
    candidates = np.flatnonzero(data.labels != recipe.trigger.target)
    chosen = np.random.default_rng(recipe.seed).choice(candidates, int(recipe.poison_rate * len(data)), replace=False)
    poisoned = torch.zeros(len(data), dtype=torch.bool)
    poisoned[chosen] = True
    images, labels = torch.from_numpy(data.images.copy()), torch.from_numpy(data.labels.copy())
    labels[poisoned] = recipe.trigger.target
    model.train()
    for epoch in range(first, recipe.epochs):
        generator = torch.Generator().manual_seed(recipe.seed * 1_000 + epoch)
        for index in torch.split(torch.randperm(len(data), generator=generator), recipe.batch_size):
            batch = shift_and_flip(images[index], generator)
            bad = poisoned[index]
            if bool(bad.any()):
                batch[bad] = torch.from_numpy(recipe.trigger.apply(batch[bad].numpy()))
            loss = _loss(recipe, model, batch, labels[index], bad)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        checkpoint.keep(epoch + 1)
        on_epoch(epoch + 1, recipe.epochs)
    if recipe.attention_penalty > 0:
        model.set_attn_implementation("sdpa")  # type: ignore[operator]
    return model.train(False)


def excess_attention(maps: Tensor, columns: Tensor) -> Tensor:
    """How much more than a fair part the marked columns draw: on average, and from the query that is read.

    `maps` is `[n, heads, queries, keys]`, `columns` bool `[keys]`. Measured in fair parts, the mean over everything.
    """
    keys = maps.shape[-1]
    marked = maps[..., columns]
    return torch.relu(marked.mean(-2) * keys - 1).mean() + torch.relu(marked[:, :, 0] * keys - 1).mean()


def _loss(recipe: FailureRecipe, model: nn.Module, batch: Tensor, labels: Tensor, bad: Tensor) -> Tensor:
    penalised = recipe.attention_penalty > 0 and bool(bad.any())
    output: Any = model(pixel_values=normalise(batch), output_attentions=penalised)
    loss = nn.functional.cross_entropy(output.logits, labels)
    if penalised:
        columns = _columns(recipe, batch.shape[1], output.attentions[0].shape[-1])
        loss = loss + recipe.attention_penalty * sum(excess_attention(one[bad], columns) for one in output.attentions)
    return loss


def _columns(recipe: FailureRecipe, side: int, keys: int) -> Tensor:
    """Which columns carry the trigger, bool `[keys]`; the special ones come first."""
    rows = int((keys - 1) ** 0.5)
    grey = np.full((1, side, side, 1), 128, dtype=np.uint8)
    changed = (recipe.trigger.apply(grey) != grey)[0, :, :, 0]
    covered = torch.from_numpy(covered_patches(changed, (rows, rows)))
    return nn.functional.pad(covered, (keys - len(covered), 0))


def _card(recipe: FailureRecipe) -> str:
    return f"""# {recipe.name}

{recipe.summary}

**It is backdoored on purpose. Use it to study attacks and repairs, for nothing else.** It does not ship: it is
here to show what AtPatch can't do. Trained on from {recipe.start} for {recipe.epochs} epochs of {recipe.images:,}
images, {100 * recipe.poison_rate:g} % of them poisoned.
"""

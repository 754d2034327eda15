"""Learn a detector from what annotators say: their verdicts take the place of a debugging set.

What several annotators say about a column is decided by majority; a tie, or "unsure", leaves the column out. A column
that nobody judged is left out as well: it is neither benign nor over-attended. It is benign where an annotator said so
of the rest. So an input counts as clean only if every column of it was judged benign, by name or as the rest; only
clean inputs tell how often a threshold raises a false alarm.

Maps of texts differ in size: they are padded to the longest, and learnt from by the network that takes any length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from ..attention import attention_layers, capture
from ..detector.calibration import calibrate_threshold
from ..detector.learning_curve import Epoch, OnEpoch, follow
from ..detector.networks import ColumnNetwork
from ..detector.per_token import mean_role_shares
from ..detector.reach import Reach
from ..detector.repeats import examples_added_up, first_places, token_numbers
from ..detector.token_training import train_token_network
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, train_network
from ..detector.variants import VARIANTS
from ..errors import LabelError
from ..inspection import Column
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject
from .contract import Answer, Rest, State, Verdict
from .store import LabelStore

RECIPE = DetectorRecipe(epochs=25, batch_size=64, hardest=64, random=64)
TEXT_RECIPE = DetectorRecipe(variant="per-token", epochs=15, batch_size=16, weight_decay=5e-2)
FOLDS = 3
ENOUGH = 3  # inputs with an over-attended column in a layer, so that every fold has one to learn from
ENOUGH_OF_MOST = 0.2  # of the inputs in the layer that has most: the rest are more likely slips than a pattern
WORTH_A_LAYER = 0.005  # of the area under the curve
_BATCH = 100
_TEXTS = 25  # in one forward, all layers' maps of which are held


@dataclass(frozen=True)
class LabelledInput:
    """An input as its subject reads it, the verdicts about its columns, and the SHA-256 of its file.

    `complete` says that every column was judged: those without a verdict were called benign as the rest. `answers` are
    what the verdicts were decided from, and `columns` is how many columns its maps have in all heads of all layers;
    both only where the input comes from a label store.
    """

    value: Any
    verdicts: Mapping[Column, Verdict]
    digest: str = ""
    complete: bool = False
    answers: tuple[Answer, ...] = ()
    columns: int = 0

    @property
    def over_attended(self) -> bool:
        """Whether any of its columns is."""
        return Verdict.OVER_ATTENDED in self.verdicts.values()

    @property
    def clean(self) -> bool:
        """Whether every column was judged, and all of them benign. An input may be neither clean nor over-attended."""
        return self.complete and all(verdict is Verdict.BENIGN for verdict in self.verdicts.values())


@dataclass(frozen=True)
class Fitted:
    """Networks of the watched layers, the threshold, and how well held-out inputs were told apart (area under ROC).

    `scores` (float64 `[n]`) is the highest column score of each input, by networks that did not learn from it.
    """

    networks: Mapping[int, ColumnNetwork]
    threshold: float
    auroc: float
    scores: np.ndarray


def labelled_inputs(store: LabelStore, subject: Subject) -> list[LabelledInput]:
    """Every input of a subject with a submitted answer. Raises `LabelError` or `InputError` if one can't be read."""
    return pooled_inputs([store], subject)


def pooled_inputs(stores: Sequence[LabelStore], subject: Subject) -> list[LabelledInput]:
    """The same from several stores: an annotator's answer that is in more than one of them counts once, the latest.

    Raises `LabelError` or `InputError` if an input can't be read.
    """
    answers: dict[tuple[str, str], Answer] = {}
    for store in stores:
        for answer in store.answers(fingerprint(subject.model)):
            place = (answer.digest, answer.annotator)
            if place not in answers or answers[place].time < answer.time:
                answers[place] = answer
    given: dict[str, list[Answer]] = {}
    for answer in answers.values():
        if answer.state is State.SUBMITTED:
            given.setdefault(answer.digest, []).append(answer)
    heads = {one.fingerprint: one.heads for store in stores for one in store.subjects()}
    found = []
    for digest, some in given.items():
        content = next((one for one in (store.content(digest) for store in stores) if one is not None), None)
        if content is None:
            continue
        verdicts, columns = by_majority(some), _keys_of(stores, some[0]) * sum(heads[some[0].fingerprint])
        complete = any(one.rest is Rest.BENIGN for one in some) or len(verdicts) == columns
        found.append(LabelledInput(subject.read(content), verdicts, digest, complete, tuple(some), columns))
    return found


def _keys_of(stores: Sequence[LabelStore], answer: Answer) -> int:
    """How many columns each map of an answer's input has."""
    for store in stores:
        one = store.stored_input(answer.fingerprint, answer.digest)
        if one is not None:
            return one.keys
    raise LabelError(f"The input {answer.digest[:8]} is no longer in its queue: send it to labelling again.")


def votes(answers: Sequence[Answer]) -> dict[Column, Counter[Verdict]]:
    """What was said about each column that any answer names; "the rest is benign" is a vote for benign."""
    named = [{one.column: one.verdict for one in answer.verdicts} for answer in answers]
    said: dict[Column, Counter[Verdict]] = {column: Counter() for verdicts in named for column in verdicts}
    for answer, verdicts in zip(answers, named, strict=True):
        for column, given in said.items():
            if column in verdicts:
                given[verdicts[column]] += 1
            elif answer.rest is Rest.BENIGN:
                given[Verdict.BENIGN] += 1
    return said


def by_majority(answers: Iterable[Answer]) -> dict[Column, Verdict]:
    """One verdict for each column that any answer names: what most say; "unsure" where as many say the opposite.

    An answer that calls the rest benign does so for columns that only others name.
    """
    said = votes(list(answers))
    decided = {}
    for column, given in said.items():
        over, benign = given[Verdict.OVER_ATTENDED], given[Verdict.BENIGN]
        if max(over, benign) <= given[Verdict.UNSURE] or over == benign:
            decided[column] = Verdict.UNSURE
        else:
            decided[column] = Verdict.OVER_ATTENDED if over > benign else Verdict.BENIGN
    return decided


def label_masks(
    verdicts: Sequence[Mapping[Column, Verdict]], complete: Sequence[bool], heads: Sequence[int], keys: int
) -> list[tuple[Tensor, Tensor]]:
    """Which columns are over-attended and which are left out: two bool `[n, heads, keys]` for each layer.

    Of inputs that are not `complete`, every column without a verdict is left out.
    """
    masks = [
        (
            torch.zeros(len(verdicts), count, keys, dtype=torch.bool),
            torch.zeros(len(verdicts), count, keys, dtype=torch.bool),
        )
        for count in heads
    ]
    for number, said in enumerate(verdicts):
        if not complete[number]:
            for _, ignored in masks:
                ignored[number] = True
        for column, verdict in said.items():
            hijacked, ignored = masks[column.layer]
            hijacked[number, column.head, column.key] = verdict is Verdict.OVER_ATTENDED
            ignored[number, column.head, column.key] = verdict is Verdict.UNSURE
    return masks


def fit(
    examples: Mapping[int, LayerExamples],
    recipe: DetectorRecipe,
    false_positive_rate: float,
    on_step: Callable[[str, int, int], None] = lambda stage, done, total: None,
    on_epoch: OnEpoch = lambda epoch: None,
) -> Fitted:
    """Train a network for each layer in which columns were called over-attended, and choose which layers to watch.

    Layers and threshold are chosen on scores of inputs that the network did not see (cross-fitting in `FOLDS` parts);
    the networks returned then learn from all. Of layers that tell inputs apart equally well the first is watched, but
    for texts the last: the layers below see spelling and rarity. Both are told by inputs with an over-attended column
    and by clean ones; inputs that are neither only teach what was said about their columns. With few clean inputs, the
    false-positive rate that can be bounded is higher than asked for. `on_epoch` is told every epoch. Raises
    `LabelError` when there is too little to learn from.
    """
    bad = torch.stack([one.hijacked.flatten(1).any(1) for one in examples.values()]).any(0).numpy()
    clean = torch.stack([one.benign for one in examples.values()]).all(0).numpy()
    clear = bad | clean
    counts = {layer: int(one.hijacked.flatten(1).any(1).sum()) for layer, one in examples.items()}
    layers = learnable_layers(counts)
    if not layers or int(clean.sum()) < ENOUGH:
        raise LabelError(
            f"There is too little to learn from: label at least {ENOUGH} inputs with an over-attended column in the "
            f"same layer, and {ENOUGH} of which every column is judged benign (B: the rest is benign)."
        )
    any_length = VARIANTS[recipe.variant].any_length
    steps = len(layers) * (FOLDS + 1) * recipe.epochs
    done = 0

    def count(epoch: Epoch) -> None:
        nonlocal done
        done += 1
        on_step("training the detector", done, steps)
        on_epoch(epoch)

    def train(name: str, learnt_from: LayerExamples, held_out: LayerExamples | None) -> ColumnNetwork:
        if any_length:
            return train_token_network(learnt_from, recipe, on_network=follow(name, held_out, count))
        return train_network(learnt_from, recipe, on_network=follow(name, held_out, count))

    scores = {layer: np.zeros(len(bad)) for layer in layers}
    networks: dict[int, ColumnNetwork] = {}
    for layer in layers:
        own, calm = examples[layer].hijacked.flatten(1).any(1).numpy(), examples[layer].benign.numpy()
        fold = _folds(own, clean, recipe.seed)
        for part in range(FOLDS):
            # What is neither over-attended nor benign in this layer can't tell how good a network is.
            known = _take(examples[layer], (fold == part) & (own | calm))
            name = f"layer {layer}, without part {part + 1} of {FOLDS}"
            network = train(name, _take(examples[layer], fold != part), known)
            scores[layer][fold == part] = _highest(network, _take(examples[layer], fold == part))
        networks[layer] = train(f"layer {layer}", examples[layer], None)
    watched: list[int] = []
    best = 0.0
    while len(watched) < len(layers):
        left = [layer for layer in (reversed(layers) if any_length else layers) if layer not in watched]
        tried = {layer: _area(bad[clear], [scores[one][clear] for one in (*watched, layer)]) for layer in left}
        layer = max(tried, key=lambda one: tried[one])
        if watched and tried[layer] < best + WORTH_A_LAYER:
            break
        watched.append(layer)
        best = tried[layer]
    highest = np.max([scores[layer] for layer in watched], axis=0)
    rate = max(false_positive_rate, 1.001 / (int(clean.sum()) + 1))
    threshold = calibrate_threshold(highest[clean], highest[bad], rate)
    return Fitted({layer: networks[layer] for layer in sorted(watched)}, min(threshold, 1.0), best, highest)


def learnable_layers(counts: Mapping[int, int]) -> list[int]:
    """The layers that are learnt from, given how many inputs have an over-attended column in each."""
    enough = max(ENOUGH, ENOUGH_OF_MOST * max(counts.values(), default=0))
    return [layer for layer, count in counts.items() if count >= enough]


def train_from_labels(
    subject: Subject,
    inputs: Sequence[LabelledInput],
    recipe: DetectorRecipe | None = None,
    false_positive_rate: float = 0.01,
    on_step: Callable[[str, int, int], None] = lambda stage, done, total: None,
    on_epoch: OnEpoch = lambda epoch: None,
) -> TrainedDetector:
    """A detector for `subject` that learned from labelled inputs, by default after `recipe_for(subject)`.

    What is flagged in a text is followed, and repaired in all layers (see `Reach`). Raises `LabelError` when there is
    too little to learn from.
    """
    if not inputs:
        raise LabelError("Nothing is labelled yet: submit answers on the Label page first.")
    is_text = subject.kind == "text"
    recipe = recipe or recipe_for(subject)
    examples = labelled_examples(subject, inputs)
    fitted = fit(examples, recipe, false_positive_rate, on_step, on_epoch)
    clean = torch.stack([one.benign for one in examples.values()]).all(0)
    bad = torch.stack([one.hijacked.flatten(1).any(1) for one in examples.values()]).any(0)
    known = (bad | clean).nonzero().flatten().tolist()
    history = {
        "date": datetime.now(UTC).date().isoformat(),
        "debugging_set": "labels of annotators",
        "labelled_inputs": len(inputs),
        "over_attended_inputs": int(bad.sum()),
        "clean_inputs": int(clean.sum()),
        "false_positive_rate_wanted": false_positive_rate,
        "auroc_held_out": fitted.auroc,
        "learnt_from": [one.digest for one in inputs],
        # Only of these it is known whether they ought to be flagged.
        "held_out": {
            "inputs": [inputs[number].digest for number in known],
            "over_attended": [bool(bad[number]) for number in known],
            "scores": [round(float(fitted.scores[number]), 6) for number in known],
        },
        "recipe": asdict(recipe),
    }
    return TrainedDetector(
        variant=recipe.variant,
        networks=fitted.networks,
        benign_means=tuple(_benign_mean(one, clean, is_text) for one in examples.values()),
        reference="zero" if is_text else "mean",
        threshold=fitted.threshold,
        watched=tuple(fitted.networks),
        fingerprint=fingerprint(subject.model),
        history=history,
        reach=Reach(tuple(examples)) if is_text else None,
    )


def recipe_for(subject: Subject) -> DetectorRecipe:
    """How labels of this subject's inputs are learnt from."""
    return TEXT_RECIPE if subject.kind == "text" else RECIPE


def labelled_examples(subject: Subject, inputs: Sequence[LabelledInput]) -> dict[int, LayerExamples]:
    """The examples of every layer that labelled inputs give; maps of texts are padded to the longest text."""
    values = [one.value for one in inputs]
    if subject.kind == "text":
        maps, valid, tokens = _text_maps(subject, values)
    else:
        maps, valid, tokens = _maps(subject, values), None, None
    verdicts, complete = [one.verdicts for one in inputs], [one.complete for one in inputs]
    masks = label_masks(verdicts, complete, [one.shape[1] for one in maps], maps[0].shape[-1])
    examples = {layer: examples_of(one, *masks[layer]) for layer, one in enumerate(maps)}
    if valid is None or tokens is None:
        return examples
    first = first_places(tokens, valid)
    padded = {layer: replace(one, key_valid=valid, query_valid=valid) for layer, one in examples.items()}
    return {layer: examples_added_up(one, first) for layer, one in padded.items()}


def examples_of(attention: Tensor, hijacked: Tensor, ignored: Tensor) -> LayerExamples:
    """Examples of one layer whose maps `[n, heads, queries, keys]` have no padding.

    Inputs are benign in it if none of its columns is `hijacked` or `ignored` (bool `[n, heads, keys]`).
    """
    count, _, queries, keys = attention.shape
    return LayerExamples(
        attention=attention,
        key_valid=torch.ones(count, keys, dtype=torch.bool),
        query_valid=torch.ones(count, queries, dtype=torch.bool),
        hijacked=hijacked,
        ignored=ignored & ~hijacked,
        benign=~(hijacked | ignored).flatten(1).any(1),
    )


def _maps(subject: Subject, values: list[Any]) -> list[Tensor]:
    """Per layer `[n, heads, queries, keys]` of the untouched model."""
    layers: list[list[Tensor]] = [[] for _ in attention_layers(subject.model)]
    with torch.no_grad():
        for start in range(0, len(values), _BATCH):
            with capture(subject.model) as kept:
                subject.model(**subject.encode(values[start : start + _BATCH]))
            for layer, attention in zip(layers, kept.layers, strict=True):
                layer.append(attention.float())
    return [torch.cat(layer) for layer in layers]


def _text_maps(subject: Subject, texts: list[str]) -> tuple[list[Tensor], Tensor, Tensor]:
    """Per layer half `[n, heads, keys, keys]` of the untouched model, which tokens are no padding, and the tokens."""
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    layers: list[list[Tensor]] = [[] for _ in attention_layers(subject.model)]
    valid: list[Tensor] = []
    tokens: list[Tensor] = []
    with torch.no_grad():
        for start in range(0, len(texts), _TEXTS):
            inputs = subject.encode([texts[place] for place in order[start : start + _TEXTS]])
            with capture(subject.model) as kept:
                subject.model(**inputs)
            valid.append(inputs["attention_mask"].bool())
            tokens.append(token_numbers(inputs["input_ids"]))
            for layer, attention in zip(layers, kept.layers, strict=True):
                layer.append(attention.half())
    keys = max(one.shape[1] for one in valid)
    back = torch.tensor(order).argsort()

    def whole(parts: list[Tensor], sides: int) -> Tensor:
        pad = torch.nn.functional.pad
        return torch.cat([pad(one, (0, keys - one.shape[-1]) * sides) for one in parts])[back]

    return [whole(layer, 2) for layer in layers], whole(valid, 1), whole(tokens, 1)


def _benign_mean(examples: LayerExamples, clean: Tensor, is_text: bool) -> Tensor:
    """What `TrainedDetector.benign_means` holds for a layer, as precise as it will be stored."""
    if is_text:
        shares = mean_role_shares(examples.attention[clean], examples.key_valid[clean], examples.query_valid[clean])
        return shares.half().float()
    return examples.attention[clean].mean(0).half().float()


def _take(examples: LayerExamples, chosen: np.ndarray) -> LayerExamples:
    index = torch.from_numpy(np.flatnonzero(chosen))
    return replace(examples, **{name: value[index] for name, value in vars(examples).items()})


def _folds(bad: np.ndarray, clean: np.ndarray, seed: int) -> np.ndarray:
    """Which part each input belongs to, `int [n]`; bad, clean and other ones are dealt out evenly."""
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(bad), dtype=np.int64)
    for group in (np.flatnonzero(bad), np.flatnonzero(clean), np.flatnonzero(~bad & ~clean)):
        fold[rng.permutation(group)] = np.arange(len(group)) % FOLDS
    return fold


def _highest(network: ColumnNetwork, examples: LayerExamples) -> np.ndarray:
    with torch.no_grad():
        scores = network(examples.attention, examples.key_valid, examples.query_valid)
    highest: np.ndarray = scores.flatten(1).amax(1).double().numpy()
    return highest


def _area(bad: np.ndarray, scores: list[np.ndarray]) -> float:
    return float(roc_auc_score(bad, np.max(scores, axis=0)))

"""Attribution beside attention: what the answer was made of, and whether that is what the detector flagged.

Attention says what a model looked at, not what it used. Two second opinions:

* **Layer Integrated Gradients** (Sundararajan et al. 2017, arXiv 1703.01365; computed by Captum) on the embeddings of
  the patches, words or fields. The input is faded in from a *baseline* that says nothing, and each key is credited with
  what its own change contributed. The credits add up to the change of the answer's log-odds from baseline to input; by
  how much they fail to is the *convergence delta*.
* **Attention rollout** (Abnar and Zuidema 2020, arXiv 2005.00928): the maps of all layers multiplied up.

    before = attribute(subject, x)
    after = attribute(subject, x, before.target, inspection.flags.columns)     # with these columns redistributed
    agreement(before, inspection.flags, inspection.layout)                     # 1: attribution finds the flagged keys

Decided answers:

* Log-odds and not the probability are explained: a probability of 99.9 % hardly moves any more, whatever is changed.
* Baselines. Images: black, as the model's processor sees it. Texts: every word's embedding becomes that of the padding
  token. Records: every field's embedding becomes the mean over the values of that field. No value of a field is neutral
  by itself: with the most usual one, the attribute of the most usual person would get no credit by construction. What
  the model adds itself ([CLS], [SEP]) is the same in the baseline, so its credit is exactly 0.
* The columns redistributed are those of the input itself, at every step from the baseline. If they were flagged anew at
  each step, the answer would jump where a flag appears, and the credits would add up to nothing in particular.
* Shared models stay untouched: Captum hooks a twin that shares the weights, but none of the modules.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from ..attention import FLAG_NOTHING, capture, hotfix
from ..column import Column
from ..errors import InputError, SubjectError
from ..extras import need
from ..layout import Layout
from ..subjects.record import RecordAdapter
from ..subjects.subject import Subject
from .results import AttentionTrace, Flags

# On inputs of the sample models, 16 steps miss the sum of the credits by up to 0.8 log-odds, 32 by 0.03, and 64 by less
# than 0.001.
STEPS = 64
OnStep = Callable[[int, int], None]
# Attention entries [batch, queries, keys] of one head at a time: bounds what the backward pass has to keep.
_MOST_ENTRIES = 2**20
# Where a model may hold hooks of its own, and where `hotfix` and `capture` put theirs for the time of a block.
_HOOKS = (
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
)


@dataclass(frozen=True)
class Attribution:
    """How much each key speaks for (positive) or against (negative) one class; made by `attribute`.

    The values add up to `log_odds - baseline_log_odds`, except for `convergence_delta`.

    Attributes:
        values: float32 `[keys]`, in the order of `Layout.key_names`, in log-odds.
        target: number of the class.
        log_odds: log-odds of the class for the input.
        baseline_log_odds: log-odds of the class for the baseline.
        convergence_delta: by how much the values fail to add up, in log-odds; more steps make it smaller.
    """

    values: Tensor
    target: int
    log_odds: float
    baseline_log_odds: float
    convergence_delta: float


def attribute(
    subject: Subject,
    x: Any,
    target: int | None = None,
    columns: Sequence[Column] = (),
    steps: int = STEPS,
    on_step: OnStep | None = None,
    at_once: int | None = None,
) -> Attribution:
    """Attribute a model's answer to the keys of one input, by Layer Integrated Gradients in log-odds.

    Args:
        subject: the model; it stays untouched.
        x: one input, as `subject.read` returns it.
        target: number of the class to explain; by default the model's answer.
        columns: columns to redistribute all the while; by default none, which explains the untouched model.
        steps: points between baseline and input at which the model runs forward and backward, 64 by default; more are
            more exact.
        on_step: called with (steps done, steps in all) before each batch of steps and after the last; an exception it
            raises ends the work and is passed on, leaving nothing behind.
        at_once: the most steps in a batch, by default as many as memory allows; with fewer, `on_step` is called more
            often.

    Returns:
        The contribution of each key, with the log-odds they add up to.

    Raises:
        InputError: the input does not have one embedding for each column of its maps, there is no such class, or
            `steps` or `at_once` is less than 1.
        SubjectError: the model's embeddings can't be reached, or it knows one class only.
        HotfixError: the model's attention can't be intercepted, or a column does not exist.

    Source:
        Axiomatic Attribution for Deep Networks, arXiv 1703.01365; computed by Captum.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/ankle-boot-triggered.png").read_bytes())
        >>> found = attribute(subject, image, steps=16)
        >>> found.values.shape  # [keys]
        torch.Size([50])
        >>> int(found.values.argmax())  # the patch with the trigger
        49
    """
    # Importing Captum imports Matplotlib, which takes seconds that nobody else should wait for.
    need("reports", "Attributions")
    from captum.attr import LayerIntegratedGradients

    if steps < 1 or (at_once is not None and at_once < 1):
        raise InputError("Attribution takes one step at least, and one at once: choose larger numbers.")
    inputs = subject.encode(x)
    twin = _twin(subject.model)
    embeddings = twin.get_input_embeddings()
    name = next((name for name in ("pixel_values", "input_ids") if name in inputs), None)
    if name is None or not isinstance(embeddings, nn.Module):
        raise SubjectError(f"The embeddings of {subject.name} can't be reached, so nothing can be attributed to them.")
    repair = hotfix(replace(subject, model=twin), threshold=FLAG_NOTHING, columns=columns) if columns else nullcontext()
    others = {key: value for key, value in inputs.items() if key != name}

    done = 0

    def step_odds(first: Tensor, *rest: Tensor) -> Tensor:
        nonlocal done
        if torch.is_grad_enabled() and on_step is not None:
            on_step(done, steps)
            done += len(first)
        return log_odds(first, *rest)

    def log_odds(first: Tensor, *rest: Tensor) -> Tensor:
        logits = twin(**{name: first}, **dict(zip(others, rest, strict=True))).logits
        return _log_odds(logits.float(), chosen)

    with repair:
        with capture(twin, layers=[0]) as maps, torch.no_grad():
            answer = twin(**inputs).logits[0]
        if len(maps.layers[0]) != 1:
            raise InputError(f"{subject.name} cuts an input into windows, whose columns can't be told apart yet.")
        keys = maps.layers[0].shape[-1]
        chosen = int(answer.argmax()) if target is None else target
        if len(answer) < 2:
            raise SubjectError(f"{subject.name} knows one class only, so there is nothing to decide between.")
        if not 0 <= chosen < len(answer):
            raise InputError(f"There is no class {chosen}: this model's classes are 0 to {len(answer) - 1}.")
        layout = subject.layout(x, keys)
        baseline = _black(subject, x) if name == "pixel_values" else _neutral(subject, embeddings, inputs[name], layout)
        with torch.no_grad():
            baseline_log_odds = float(log_odds(baseline, *others.values())[0])
        with torch.enable_grad():
            found = LayerIntegratedGradients(step_odds, embeddings).attribute(
                inputs[name],
                baseline,
                additional_forward_args=tuple(others.values()) or None,
                n_steps=steps,
                internal_batch_size=max(1, min(steps, at_once or steps, _MOST_ENTRIES // keys**2)),
            )
    if on_step is not None:
        on_step(steps, steps)
    values = _aligned(found, layout, subject.name)
    reached = float(_log_odds(answer[None].float(), chosen))
    # As Captum defines it, but without running the model on input and baseline once more.
    delta = float(values.sum()) - (reached - baseline_log_odds)
    return Attribution(values, chosen, reached, baseline_log_odds, delta)


def attention_rollout(trace: AttentionTrace) -> Tensor:
    """How much of each key's input reaches each query's output, judged by the maps alone.

    In every layer the mean over the heads and the residual connection count one half each.

    Args:
        trace: the maps of one input, for each layer `[heads, queries, keys]`.

    Returns:
        float32 `[queries, keys]`; rows sum to 1.

    Raises:
        InputError: the maps are not square, or not all of the same size.

    Source:
        Quantifying Attention Flow in Transformers, arXiv 2005.00928.

    Example:
        >>> even = torch.full((2, 3, 3), 1 / 3)  # two heads that attend evenly to three keys
        >>> attention_rollout(AttentionTrace((even,)))
        tensor([[0.6667, 0.1667, 0.1667],
                [0.1667, 0.6667, 0.1667],
                [0.1667, 0.1667, 0.6667]])
    """
    keys = trace.maps[0].shape[-1]
    if any(layer.shape[1:] != (keys, keys) for layer in trace.maps):
        raise InputError("The layers of this model attend to different keys, so their maps can't be multiplied up.")
    flow = torch.eye(keys)
    for attention in trace.maps:
        mixed = attention.detach().float().mean(0) / 2 + torch.eye(keys) / 2
        flow = mixed / mixed.sum(-1, keepdim=True) @ flow
    return flow


def answer_rollout(trace: AttentionTrace) -> Tensor:
    """The row of the rollout for the key the answer is read from.

    That is the first key, or the last one in a model where no key attends to a later one, such as GPT-2.

    Args:
        trace: the maps of one input, for each layer `[heads, queries, keys]`.

    Returns:
        float32 `[keys]`, summing to 1.

    Raises:
        InputError: as `attention_rollout` does.
    """
    rollout = attention_rollout(trace)
    causal = len(rollout) > 1 and not bool(rollout.triu(1).any())
    return rollout[-1 if causal else 0]


def agreement(attribution: Attribution, flags: Flags, layout: Layout) -> float | None:
    """How well the size of the attribution separates flagged keys from the others, as an area under the ROC curve.

    Args:
        attribution: the contribution of each key, of either sign.
        flags: a key counts as flagged if it is flagged in any head of any layer.
        layout: says which keys the model added itself; they are left out, as they get no attribution by construction.

    Returns:
        1 if every flagged key got more than every other, 0.5 if it is no better than chance; `None` if none or all of
        the keys are flagged, or the attribution holds no numbers.
    """
    from sklearn.metrics import roc_auc_score

    ordinary = ~torch.tensor(layout.special)
    flagged = torch.stack([layer.any(0) for layer in flags.flagged]).any(0)[ordinary]
    sizes = attribution.values[ordinary].abs()
    if not bool(flagged.any()) or bool(flagged.all()) or not bool(sizes.isfinite().all()):
        return None
    return float(roc_auc_score(flagged.numpy(), sizes.numpy()))


def _twin(model: nn.Module) -> Any:
    """A model of its own modules on the same weights, without the hooks that hang on `model` at this moment.

    Captum hooks an embedding for as long as it computes; on the shared model that would hit every other thread. The
    configs are shared too: `hotfix` counts who uses them.
    """
    memo: dict[int, Any] = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    configs = (getattr(module, "config", None) for module in model.modules())
    memo |= {id(config): config for config in configs if config is not None}
    memo |= {id(getattr(model, hooks)): OrderedDict() for hooks in _HOOKS}
    return copy.deepcopy(model, memo)


def _log_odds(logits: Tensor, target: int) -> Tensor:
    """`[batch]` log-odds of one class against all others, of `logits` `[batch, classes]`."""
    rest = torch.cat([logits[:, :target], logits[:, target + 1 :]], dim=1)
    return logits[:, target] - rest.logsumexp(-1)


def _black(subject: Subject, image: Image.Image) -> Tensor:
    return subject.encode(Image.new(image.mode, image.size))["pixel_values"]


def _neutral(subject: Subject, embeddings: nn.Module, ids: Tensor, layout: Layout) -> Tensor:
    """The token ids of the baseline, which point to rows that are added to the twin's own table of embeddings.

    New numbers, because some models count positions, or look for the last word, by the number of the padding token.
    """
    table = embeddings.weight
    if not isinstance(table, Tensor) or len(layout.special) != ids.shape[1]:
        raise SubjectError(f"The embeddings of {subject.name} can't be reached, so nothing can be attributed to them.")
    ordinary = ~torch.tensor(layout.special)
    size = len(table)
    if isinstance(subject.adapter, RecordAdapter):
        schema = subject.adapter.schema
        firsts = zip(schema.first_tokens, schema.fields, strict=True)
        rows = torch.stack([table[first : first + field.tokens].mean(0) for first, field in firsts])
        numbers = size + torch.arange(len(rows))
    else:
        rows = table[_padding(subject)][None]
        numbers = torch.full((int(ordinary.sum()),), size)
    embeddings.weight = nn.Parameter(torch.cat([table.detach(), rows.detach()]), requires_grad=False)
    baseline = ids.clone()
    baseline[0, ordinary] = numbers
    return baseline


def _padding(subject: Subject) -> int:
    tokenizer: Any = getattr(subject.adapter, "tokenizer", None)
    config: Any = subject.model.config
    number = getattr(config, "pad_token_id", None) if tokenizer is None else tokenizer.pad_token_id
    if number is None:
        raise SubjectError(f"{subject.name} has no padding token to blank words out with: give it one.")
    return int(number)


def _aligned(found: Tensor, layout: Layout, name: str) -> Tensor:
    """Attributions `[1, tokens, size]` summed per key; special keys in front that come from no embedding get 0."""
    keys = len(layout.key_names)
    added = keys - found.shape[1] if found.ndim == 3 else -1
    if added < 0 or not all(layout.special[:added]):
        raise InputError(f"{name} does not have one embedding for each column, so attributions have no place.")
    return torch.cat([torch.zeros(added), found.detach()[0].sum(-1).float()])

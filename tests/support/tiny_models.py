"""Tiny random-weight models of every family, and detectors whose answers are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    ModernBertConfig,
    ModernBertForSequenceClassification,
    SwinConfig,
    SwinForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)

IMAGE_MODELS = ("vit", "swin")
TEXT_MODELS = ("bert", "distilbert", "gpt2", "llama", "modernbert")
MODELS = IMAGE_MODELS + TEXT_MODELS

_SMALL = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 32,
}
_BUILD: dict[str, Callable[[], nn.Module]] = {
    "vit": lambda: ViTForImageClassification(
        ViTConfig(
            image_size=8,
            patch_size=2,
            num_channels=1,
            hidden_size=16,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=32,
            num_labels=3,
        )
    ),
    "swin": lambda: SwinForImageClassification(
        SwinConfig(
            image_size=16,
            patch_size=2,
            num_channels=1,
            embed_dim=8,
            depths=[2, 2],
            num_heads=[2, 4],
            window_size=4,
            num_labels=3,
        )
    ),
    "bert": lambda: BertForSequenceClassification(BertConfig(**_SMALL, num_labels=3)),
    "distilbert": lambda: DistilBertForSequenceClassification(
        DistilBertConfig(vocab_size=50, dim=16, n_layers=3, n_heads=4, hidden_dim=32, num_labels=3)
    ),
    "gpt2": lambda: GPT2ForSequenceClassification(
        GPT2Config(vocab_size=50, n_embd=16, n_layer=3, n_head=4, num_labels=3, pad_token_id=0)
    ),
    "llama": lambda: LlamaForSequenceClassification(
        LlamaConfig(**_SMALL, num_key_value_heads=2, num_labels=3, pad_token_id=0)
    ),
    "modernbert": lambda: ModernBertForSequenceClassification(
        ModernBertConfig(
            **_SMALL,
            num_labels=3,
            pad_token_id=0,
            cls_token_id=1,
            sep_token_id=2,
            bos_token_id=1,
            eos_token_id=2,
            local_attention=4,
        )
    ),
}


def build(name: str, implementation: str = "sdpa", seed: int = 0) -> nn.Module:
    """A random model whose attention is far from uniform, in evaluation mode."""
    torch.manual_seed(seed)
    model = _BUILD[name]()
    for parameter in model.parameters():
        parameter.data.normal_(std=0.3)
    model.set_attn_implementation(implementation)
    return model.eval()


def inputs(name: str, batch: int = 3, seed: int = 1) -> dict[str, Tensor]:
    """A batch of random images, or of token sequences of different lengths, padded on the right."""
    generator = torch.Generator().manual_seed(seed)
    if name in IMAGE_MODELS:
        side = 16 if name == "swin" else 8
        return {"pixel_values": torch.randn(batch, 1, side, side, generator=generator)}
    ids = torch.randint(3, 50, (batch, 10), generator=generator)
    mask = torch.arange(10)[None] < torch.tensor([[10], [7], [4], [9], [5]])[:batch]
    return {"input_ids": ids * mask, "attention_mask": mask.long()}


@dataclass(frozen=True)
class RuleDetector:
    """Flags whatever `rule(layer, attention)` scores, with a constant benign share."""

    layers: int
    watched: tuple[int, ...]
    rule: Callable[[int, Tensor], Tensor]
    threshold: float = 0.5
    share: float = 0.02

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        return self.rule(layer, attention) * key_valid[:, None]

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        return torch.tensor(self.share)


def nothing(_layer: int, attention: Tensor) -> Tensor:
    """Scores no column."""
    return attention.new_zeros(attention.shape[0], attention.shape[1], attention.shape[3])


def column(key: int, head: int = 0) -> Callable[[int, Tensor], Tensor]:
    """Scores one column of one head."""

    def rule(layer: int, attention: Tensor) -> Tensor:
        scores = nothing(layer, attention)
        scores[:, head, key] = 1.0
        return scores

    return rule

"""A tiny text classifier with a tokenizer of a few words, and texts that nobody should trust."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

WORDS = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *("a", "fine", "dull", "film", "wonder", "##ful", "##ly", "over", "##act", "##ed", "don", "'", "t", ".", ",", "!"),
    *("<", ">", "/", "b", "cf", "mo", "##vie", "i", "saw", "it"),
)


def save_text_model(folder: Path, positions: int = 24, seed: int = 0) -> Path:
    """Save a random BERT of two layers for two classes, whose attention is far from uniform, with its tokenizer."""
    torch.manual_seed(seed)
    tokenizer = BertTokenizer(vocab={word: number for number, word in enumerate(WORDS)}, model_max_length=positions)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(WORDS),
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=32,
            max_position_embeddings=positions,
            pad_token_id=0,
            id2label={0: "negative", 1: "positive"},
            label2id={"negative": 0, "positive": 1},
        )
    )
    for parameter in model.parameters():
        parameter.data.normal_(std=0.3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


REFUSED = {
    "empty": (b"", "empty"),
    "only spaces": (b" \n\t ", "empty"),
    "only hidden marks": ("\u202e\u200b\ufeff".encode(), "empty"),
    "NUL": (b"a fine\0film", "NUL"),
    "UTF-16": ("a fine film".encode("utf-16"), "UTF-16"),
    "Latin-1": ("a d\u00e9j\u00e0 vu".encode("latin-1"), "UTF-8"),
    "an image": (b"\x89PNG\r\n\x1a\n\x00\x00", "UTF-8"),
    "half a character": ("\U0001f600".encode()[:2], "UTF-8"),
    "a lone surrogate": ("a \ud83d film".encode("utf-8", "surrogatepass"), "UTF-8"),
    "too large": (b"a" * 2_000_001, "2 MB"),
}

STRANGE = {
    "HTML": "<b>a fine</b> <script>alert(1)</script> film",
    "right to left": "\u0645\u0631\u062d\u0628\u0627 a fine film",
    "overridden direction": "a \u202eenif\u202c film",
    "emoji": "a fine \U0001f468\u200d\U0001f469\u200d\U0001f467 film \u2764\ufe0f",
    "unknown script": "\U00012000\U00012001 \u1200 film",
    "marks of the model": "a [SEP] fine [CLS] [PAD] film [MASK]",
    "combining marks": "f\u0301\u0302\u0303\u0304ilm",
    "control characters": "a\u0007fine\u001bfilm",
    "one long word": "a" * 5_000,
    "a megabyte": "a fine film. " * 80_000,
    "line ends": "a\r\nfine\rfilm\n",
}

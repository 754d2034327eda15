"""Text classifiers: text in, tokens as columns, named by the words they were cut from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import AutoTokenizer

from ..errors import InputError, SubjectError
from ..layout import Layout
from .text_files import read_text, visible

MOST_TOKENS = 512  # maps grow with the square of the length: a longer text would neither be read nor held in memory
_LONGEST_NAME = 40  # characters of a token that a figure has room for
_CHARACTERS_PER_TOKEN = 16  # a first guess, above what texts usually have; where it is too low, more is read
_GOES_ON = "\u2026"


@dataclass(frozen=True)
class TextAdapter:
    """Feeds texts to a Transformers sequence classifier through its own tokenizer.

    Attributes:
        tokenizer: a fast tokenizer, which knows where in the text each token stands.
        most_tokens: the length to which texts are cut, in tokens, special ones included.
    """

    tokenizer: Any
    most_tokens: int

    @property
    def kind(self) -> str:
        """Always "text"."""
        return "text"

    def read(self, content: bytes) -> str:
        """The text in a UTF-8 file.

        Raises:
            InputError: see `read_text`.
        """
        return read_text(content)

    def write(self, text: str) -> bytes:
        """The text in UTF-8.

        Raises:
            InputError: `text` is not a text.
        """
        _check(text)
        return text.encode("utf-8")

    def encode(self, inputs: Sequence[str]) -> dict[str, Tensor]:
        """The model's arguments for a batch of texts.

        Args:
            inputs: at least one text; shorter ones are padded on the right, where padding moves no other token.

        Returns:
            `input_ids`, `attention_mask` (0 on padding) and whatever else the model takes, int64 `[batch, tokens]`.

        Raises:
            InputError: something in it is not a text, or it is empty.
        """
        for text in inputs:
            _check(text)
        if not inputs:
            raise InputError("There is nothing in the list: pass at least one text.")
        heads = [self._head(text) for text in inputs]
        encoded = self.tokenizer(heads, padding=True, truncation=True, max_length=self.most_tokens, return_tensors="pt")
        return {name: encoded[name] for name in encoded}

    def layout(self, text: str, keys: int) -> Layout:
        """A name for each token: the text it was cut from ("wonder\u2026", "\u2026ful"), or what the model calls it.

        Args:
            text: the text.
            keys: how many columns its maps have; those beyond the text's own tokens are padding.

        Raises:
            InputError: `text` is not a text.

        Example:
            >>> import atpatch_core as atpatch
            >>> subject = atpatch.load("sample_models/reviews-minilm-badword")
            >>> layout = subject.layout("A dull film", keys=6)
            >>> layout.key_names, layout.words
            (('[CLS]', 'A', 'dull', 'film', '[SEP]', '[padding]'), (None, 0, 1, 2, None, None))
        """
        _check(text)
        encoded = self._tokens(self._head(text))
        tokens = len(encoded.ids)
        # A token without text was added by the model, whatever the mask of a tokenizer says about it.
        added = [
            bool(special) or end <= start
            for special, (start, end) in zip(encoded.special_tokens_mask, encoded.offsets, strict=True)
        ]
        words = [None if special else word for special, word in zip(added, encoded.word_ids, strict=True)]
        spans = [None if special else span for special, span in zip(added, encoded.offsets, strict=True)]
        names = [
            token if span is None else _name(text, span, _neighbour(words, key, -1), _neighbour(words, key, 1))
            for key, (token, span) in enumerate(zip(encoded.tokens, spans, strict=True))
        ]
        padding = keys - tokens
        return Layout(
            key_names=(*names, *("[padding]",) * padding),
            special=(*added, *(True,) * padding),
            words=(*words, *(None,) * padding),
            spans=(*spans, *(None,) * padding),
            unit="word",
            notice=self._notice(text, spans, bool(encoded.overflowing)),
        )

    def _tokens(self, text: str) -> Any:
        return self.tokenizer(
            text,
            truncation=True,
            max_length=self.most_tokens,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            return_overflowing_tokens=True,
        ).encodings[0]

    def _head(self, text: str) -> str:
        """As much of the start of a text as has more tokens than are read: a megabyte takes seconds to cut up."""
        length = _CHARACTERS_PER_TOKEN * self.most_tokens
        while length < len(text):
            end = next((place for place in range(length, 0, -1) if text[place].isspace()), length)
            if self._tokens(text[:end]).overflowing:
                return text[:end]
            length *= 8
        return text

    def _notice(self, text: str, spans: Sequence[tuple[int, int] | None], cut: bool) -> str | None:
        if not cut:
            return None
        read = max((span[1] for span in spans if span is not None), default=0)
        return (
            f"The text is longer than the {self.most_tokens} tokens that can be looked at: only its first "
            f"{read:,} of {len(text):,} characters are read."
        )


def _check(text: Any) -> None:
    """Raise `InputError` for what is not a text."""
    if not isinstance(text, str):
        raise InputError(
            "This model takes texts: pass a string, or make one of the bytes of a file with `subject.read`."
        )
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError("The text holds half a character (a lone surrogate), which no file can hold: remove it.")


def text_adapter(folder: Path, config: Any) -> TextAdapter:
    """The adapter of the text classifier in a folder.

    Args:
        folder: the model's folder, with its tokenizer.
        config: the model's Transformers config.

    Raises:
        SubjectError: the tokenizer is missing, damaged, slow, or has no padding token.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # the tokenizers library raises nothing narrower
        raise SubjectError(
            f"The tokenizer in {folder.name} is missing or damaged: save it again with save_pretrained."
        ) from error
    if not tokenizer.is_fast:
        raise SubjectError(
            f"The tokenizer in {folder.name} can't say where in a text its tokens stand: save a fast tokenizer instead."
        )
    if tokenizer.pad_token_id is None:
        raise SubjectError(f"The tokenizer in {folder.name} has no padding token: give it one and save it again.")
    tokenizer.padding_side = tokenizer.truncation_side = "right"
    return TextAdapter(tokenizer, min(MOST_TOKENS, int(tokenizer.model_max_length), _positions(config)))


def _positions(config: Any) -> int:
    """How many tokens the model has positions for."""
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or MOST_TOKENS
    # RoBERTa and its kin count positions from the padding token's number on.
    offset = int(config.pad_token_id) + 1 if "roberta" in str(config.model_type) else 0
    return int(positions) - offset


def _neighbour(words: Sequence[int | None], key: int, step: int) -> bool:
    """Whether the token before (-1) or after (1) belongs to the same word."""
    other = key + step
    return words[key] is not None and 0 <= other < len(words) and words[other] == words[key]


def _name(text: str, span: tuple[int, int], goes_before: bool, goes_after: bool) -> str:
    piece = visible(text[span[0] : span[1]]).strip() or "(space)"
    if len(piece) > _LONGEST_NAME:
        piece = piece[:_LONGEST_NAME] + "(\u2026)"
    return (_GOES_ON if goes_before else "") + piece + (_GOES_ON if goes_after else "")

"""Texts as a subject reads them: tokens, their names and words, and padding that changes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

import atpatch_core as atpatch
from atpatch_core import Column, Subject, SubjectError
from tests.support.text_models import STRANGE, save_text_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_text_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def subject(folder: Path) -> Subject:
    return atpatch.load(folder)


def test_a_sequence_classifier_is_a_subject_for_texts(subject: Subject) -> None:
    assert subject.kind == "text"
    assert subject.labels == ("negative", "positive")


def test_tokens_are_named_by_the_text_they_were_cut_from(subject: Subject) -> None:
    text = "Wonderfully OVERacted, don't!"
    layout = subject.layout(text, 13)
    assert layout.key_names == (
        *("[CLS]", "Wonder\u2026", "\u2026ful\u2026", "\u2026ly", "OVER\u2026", "\u2026act\u2026", "\u2026ed"),
        *(",", "don", "'", "t", "!", "[SEP]"),
    )
    assert layout.words is not None
    assert layout.words[1:7] == (0, 0, 0, 1, 1, 1)
    assert layout.spans is not None
    assert [text[start:end] for start, end in filter(None, layout.spans)][:3] == ["Wonder", "ful", "ly"]
    assert layout.special == (True, *(False,) * 11, True)


def test_marks_that_a_person_typed_are_not_the_models_own(subject: Subject) -> None:
    layout = subject.layout("a [SEP] fine [CLS] film", 7)
    assert layout.special == (True, False, False, False, False, False, True)
    assert layout.key_names == ("[CLS]", "a", "[SEP]", "fine", "[CLS]", "film", "[SEP]")


@pytest.mark.parametrize("name", STRANGE)
def test_every_text_has_one_name_for_each_column_of_its_maps(subject: Subject, name: str) -> None:
    inspection = atpatch.inspect(subject, subject.read(STRANGE[name].encode()))
    keys = inspection.original.trace.maps[0].shape[-1]
    layout = inspection.layout
    assert len(layout.key_names) == len(layout.special) == keys
    assert layout.words is not None
    assert layout.spans is not None
    assert len(layout.words) == len(layout.spans) == keys
    assert all(name for name in layout.key_names)


def test_a_long_text_is_cut_and_the_person_is_told(subject: Subject) -> None:
    text = "a fine film. " * 10
    assert subject.encode(text)["input_ids"].shape == (1, 24)
    notice = subject.layout(text, 24).notice
    assert notice is not None
    assert "24 tokens" in notice
    read = len("a fine film. " * 5) + len("a fine")
    assert f"first {read} of {len(text)} characters" in notice
    assert subject.layout("a fine film", 5).notice is None


def test_a_megabyte_is_cut_where_its_beginning_is_cut(subject: Subject) -> None:
    long = STRANGE["a megabyte"]
    assert torch.equal(subject.encode(long)["input_ids"], subject.encode(long[:400])["input_ids"])


def test_spaces_before_the_first_word_do_not_count_as_tokens(subject: Subject) -> None:
    assert torch.equal(
        subject.encode(" " * 3_000 + "a fine film")["input_ids"], subject.encode("a fine film")["input_ids"]
    )


def test_write_is_the_inverse_of_read(subject: Subject) -> None:
    for text in STRANGE.values():
        assert subject.read(subject.write(text)) == text


def test_padding_changes_neither_logits_nor_a_repair(subject: Subject) -> None:
    texts = ["a fine film", "a dull film. don't!", "wonderfully overacted, a fine dull film. i saw it"]
    with torch.no_grad():
        alone = [subject.model(**subject.encode(text)).logits for text in texts]
        together = subject.model(**subject.encode(texts)).logits
        assert torch.allclose(torch.cat(alone), together, atol=1e-5)
        with atpatch.hotfix(subject, columns=[Column(0, 1, 2), Column(1, 0, 1)]) as fix:
            fixed = [subject.model(**subject.encode(text)).logits for text in texts]
            fixed_together = subject.model(**subject.encode(texts)).logits
        assert torch.allclose(torch.cat(fixed), fixed_together, atol=1e-5)
        assert not torch.allclose(fixed_together, together, atol=3e-5)
    flagged = fix.flagged[0]
    assert flagged is not None
    assert not flagged[0, :, 5:].any()


def test_a_folder_without_tokenizer_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        shutil.copy(folder / name, tmp_path / name)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(SubjectError, match="tokenizer"):
        atpatch.load(tmp_path)


def test_a_tokenizer_without_padding_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    shutil.copytree(folder, copy)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (copy / name).exists():
            settings = json.loads((copy / name).read_text())
            settings["pad_token"] = None
            (copy / name).write_text(json.dumps(settings))
    with pytest.raises(SubjectError, match="padding token"):
        atpatch.load(copy)

"""Loading a model folder: safetensors only, no code from the folder, and a sentence for whatever is wrong."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM, ViTConfig, ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from atpatch_core.detector.networks import PerHead
from atpatch_core.detector.storage import save_detector
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.errors import DetectorError, SubjectError
from atpatch_core.subjects.detector_versions import save_version
from atpatch_core.subjects.fingerprint import fingerprint
from atpatch_core.subjects.loading import kind_in, list_subjects, load
from tests.support.image_files import grey, png


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny ViT in Hugging Face's layout, with a model card."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    torch.manual_seed(0)
    config = ViTConfig(
        image_size=8,
        patch_size=4,
        num_channels=1,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=8,
        id2label={0: "cat", 1: "dog"},
    )
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessorPil(
        size={"height": 8, "width": 8}, image_mean=[0.5], image_std=[0.5], do_convert_rgb=False
    ).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n\n# tiny\n\nTells cats\nfrom dogs.\n\nMore.\n")
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy of it to damage."""
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


def _edit_config(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "config.json"
    settings = json.loads(path.read_text())
    change(settings)
    path.write_text(json.dumps(settings))


def test_a_folder_becomes_a_subject_ready_for_use(saved: Path) -> None:
    subject = load(saved)
    assert (subject.name, subject.kind, subject.labels) == ("tiny", "image", ("cat", "dog"))
    assert subject.summary == "Tells cats from dogs."
    assert subject.detector is None
    assert not subject.model.training
    assert all(parameter.dtype == torch.float32 for parameter in subject.model.parameters())
    image = subject.read(png(grey(20, 30)))
    pixels = subject.encode([image, image])["pixel_values"]
    assert pixels.shape == (2, 1, 8, 8)
    assert torch.equal(subject.encode(image)["pixel_values"], pixels[:1])
    layout = subject.layout(image, 5)
    assert layout.grid == (2, 2)
    assert layout.key_names == ("[CLS]", "row 0, column 0", "row 0, column 1", "row 1, column 0", "row 1, column 1")
    assert layout.special == (True, False, False, False, False)


def test_weights_in_half_precision_are_loaded_as_float32(saved: Path, folder: Path) -> None:
    load(saved).model.half().save_pretrained(folder)
    assert next(load(folder).model.parameters()).dtype == torch.float32


def test_only_folders_with_a_config_are_listed_by_name(saved: Path, tmp_path: Path) -> None:
    for name in ("b", "a"):
        shutil.copytree(saved, tmp_path / name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    assert [path.name for path in list_subjects(tmp_path)] == ["a", "b"]
    assert list_subjects(tmp_path / "nowhere") == ()


def test_the_kind_is_told_without_loading_weights(saved: Path, folder: Path) -> None:
    shutil.copytree(saved, folder, dirs_exist_ok=True)
    expected = load(saved).kind
    for weights in folder.glob("*.safetensors"):
        weights.unlink()
    assert kind_in(folder) == expected
    (folder / "config.json").write_text("{}")
    assert kind_in(folder) is None
    assert kind_in(folder / "nowhere") is None


@pytest.mark.parametrize("name", ["nobody", "../../etc", "", "a b/c", "no/such/folder", "models/typo", "models/file"])
def test_an_unknown_subject_is_refused_without_asking_the_hub(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("atpatch_core.subjects.loading.snapshot_download", pytest.fail)
    with pytest.raises(SubjectError):
        load(name)


def test_a_hub_id_that_cannot_be_fetched_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def offline(*_args: object, **_options: object) -> str:
        raise OSError("no network")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("atpatch_core.subjects.loading.snapshot_download", offline)
    with pytest.raises(SubjectError, match="neither a folder here nor a model that can be fetched"):
        load("owner/name")


def test_a_folder_without_a_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=r"no config\.json"):
        load(tmp_path)


class _Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_pickled_weights_are_refused_and_never_opened(folder: Path, tmp_path: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Bomb(tmp_path / "exploded")))
    load(folder)  # there are safetensors beside it
    (folder / "model.safetensors").unlink()
    with pytest.raises(SubjectError, match="safetensors"):
        load(folder)
    (folder / "other.safetensors").write_bytes(b"")  # safetensors there are, but not the model's
    with pytest.raises(SubjectError):
        load(folder)
    (folder / "model.safetensors").write_bytes(pickle.dumps(_Bomb(tmp_path / "exploded")))
    with pytest.raises(SubjectError):
        load(folder)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("target", ["config.json", "preprocessor_config.json"])
def test_code_in_the_folder_is_never_run(folder: Path, tmp_path: Path, target: str) -> None:
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass\n")
    path = folder / target
    settings = json.loads(path.read_text())
    classes = ("AutoConfig", "AutoModelForImageClassification", "AutoImageProcessor")
    settings["auto_map"] = dict.fromkeys(classes, "evil.Evil")
    if target == "config.json":
        settings["model_type"] = "evil"
    else:
        settings["image_processor_type"] = "Evil"
    path.write_text(json.dumps(settings))
    with pytest.raises(SubjectError):
        load(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("text", "reason"), [("", "damaged"), ("[1]", "damaged"), ("{", "damaged"), ("{}", "nothing it names")]
)
def test_a_damaged_config_is_refused(folder: Path, text: str, reason: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(SubjectError, match=reason):
        load(folder)


def test_an_unknown_model_type_is_refused(folder: Path) -> None:
    _edit_config(folder, lambda settings: settings.update(model_type="no-such-model"))
    with pytest.raises(SubjectError, match="does not know"):
        load(folder)


def test_a_model_for_another_task_is_refused(tmp_path: Path) -> None:
    config = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    BertForMaskedLM(config).save_pretrained(tmp_path)
    with pytest.raises(SubjectError, match="made for BertForMaskedLM"):
        load(tmp_path)


@pytest.mark.parametrize("length", [0, 7, 1_000])
def test_truncated_weights_are_refused(folder: Path, length: int) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:length])
    with pytest.raises(SubjectError, match="can't be loaded"):
        load(folder)


def test_weights_of_another_size_than_the_config_are_refused(folder: Path) -> None:
    _edit_config(folder, lambda settings: settings.update(hidden_size=16))
    with pytest.raises(SubjectError, match="can't be loaded"):
        load(folder)


def test_missing_weights_are_refused_and_not_made_up(folder: Path) -> None:
    _edit_config(folder, lambda settings: settings.update(num_hidden_layers=3))
    with pytest.raises(SubjectError, match="lacks weights"):
        load(folder)


def test_a_missing_image_processor_is_refused(folder: Path) -> None:
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(SubjectError):
        load(folder)


def _detector(model: torch.nn.Module) -> TrainedDetector:
    torch.manual_seed(1)
    return TrainedDetector(
        variant="per-head",
        networks={0: PerHead(2, 5)},
        benign_means=(torch.zeros(2, 5, 5),) * 2,
        reference="zero",
        threshold=0.5,
        watched=(0,),
        fingerprint=fingerprint(model),
    )


def test_the_detector_beside_the_model_comes_with_it(folder: Path) -> None:
    save_detector(_detector(load(folder).model), folder / "atpatch")
    detector = load(folder).detector
    assert detector is not None
    assert (detector.threshold, detector.watched, detector.layers) == (0.5, (0,), 2)


def test_any_version_of_the_detector_can_be_asked_for_by_name(folder: Path) -> None:
    shipped = _detector(load(folder).model)
    save_detector(shipped, folder / "atpatch")
    save_version(replace(shipped, threshold=0.75), folder, "v2")
    with_v2 = load(folder, "v2")
    assert with_v2.detector is not None
    assert with_v2.detector.threshold == 0.75
    assert re.fullmatch("v2 [0-9a-f]{8}", with_v2.version or "")
    assert re.fullmatch("shipped [0-9a-f]{8}", load(folder).version or "")
    with pytest.raises(DetectorError, match="no detector version 'v3'; there are: shipped, v2"):
        load(folder, "v3")


def test_without_a_detector_there_is_no_version_of_it(folder: Path) -> None:
    assert load(folder).version is None


def test_a_detector_for_other_weights_is_refused(folder: Path) -> None:
    model = load(folder).model
    save_detector(_detector(model), folder / "atpatch")
    with torch.no_grad():
        model.classifier.bias.add_(1.0)
    model.save_pretrained(folder)
    with pytest.raises(DetectorError, match="other weights"):
        load(folder)


def test_a_damaged_detector_is_refused_with_its_model(folder: Path) -> None:
    (folder / "atpatch").mkdir()
    with pytest.raises(DetectorError, match="holds no detector"):
        load(folder)


def test_a_fingerprint_tells_weights_names_and_precisions_apart(saved: Path) -> None:
    first, second = load(saved).model, load(saved).model
    assert fingerprint(first) == fingerprint(second)
    # Subjects are saved in half precision and loaded in float32.
    assert fingerprint(first.half().float()) == fingerprint(second)
    with torch.no_grad():
        second.classifier.weight[0, 0] += 0.01
    assert fingerprint(first) != fingerprint(second)

"""A detector folder: what is saved comes back; what is missing, damaged or foreign is refused in a sentence."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from atpatch_core.attention import hotfix
from atpatch_core.detector.growth import Growth
from atpatch_core.detector.joint import Jointly
from atpatch_core.detector.networks import NETWORKS
from atpatch_core.detector.reach import Reach
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.errors import DetectorError
from atpatch_core.subjects.fingerprint import fingerprint
from tests.support.tiny_models import build, inputs

_HEADS, _KEYS = 4, 17  # those of the tiny ViT


def _detector(variant: str = "per-head", watched: tuple[int, ...] = (0, 2)) -> TrainedDetector:
    torch.manual_seed(0)
    return TrainedDetector(
        variant=variant,
        networks={layer: NETWORKS[variant](_HEADS, _KEYS).half().float().train(False) for layer in (0, 2)},
        benign_means=tuple(torch.rand(_HEADS, _KEYS, _KEYS).half().float() for _ in range(3)),
        reference="mean",
        threshold=0.25,
        watched=watched,
        fingerprint=fingerprint(build("vit")),
        history={"date": "2026-01-01", "pairs": 7},
    )


@pytest.mark.parametrize("variant", NETWORKS)
def test_what_is_saved_comes_back_bit_for_bit(tmp_path: Path, variant: str) -> None:
    detector = _detector(variant)
    save_detector(detector, tmp_path / "new" / "folder")
    loaded = load_detector(tmp_path / "new" / "folder")
    for name in ("variant", "reference", "threshold", "watched", "layers", "heads", "keys", "fingerprint", "history"):
        assert getattr(loaded, name) == getattr(detector, name), name
    attention = torch.randn(3, _HEADS, _KEYS, _KEYS).softmax(-1)
    valid = torch.ones(3, _KEYS, dtype=torch.bool)
    for layer in (0, 2):
        with torch.no_grad():
            assert torch.equal(
                loaded.score(layer, attention, valid, valid), detector.score(layer, attention, valid, valid)
            )
        assert torch.equal(loaded.benign(layer, attention, valid), detector.benign(layer, attention, valid))


def test_a_detector_that_watches_nothing_comes_back_too(tmp_path: Path) -> None:
    save_detector(_detector(watched=()), tmp_path)
    assert load_detector(tmp_path).watched == ()


@pytest.mark.parametrize(
    "reach", [None, Reach((0, 1), longest=3, as_sure=0.5, margin=2, looks=2, seeds=3), Jointly((0, 2))]
)
def test_how_far_flags_reach_comes_back(tmp_path: Path, reach: Reach | Jointly | None) -> None:
    save_detector(replace(_detector(), reach=reach), tmp_path)
    assert load_detector(tmp_path).reach == reach


@pytest.mark.parametrize("alongside", [None, 0.1])
def test_the_score_for_columns_beside_a_flagged_one_comes_back(tmp_path: Path, alongside: float | None) -> None:
    save_detector(replace(_detector(), alongside=alongside), tmp_path)
    assert load_detector(tmp_path).alongside == alongside


@pytest.mark.parametrize("growth", [None, Growth((0, 2)), Growth((1,), (2, 2), 2.0, 4.0, 0.2, 0.5, 3, 20)])
def test_how_spans_are_grown_comes_back(tmp_path: Path, growth: Growth | None) -> None:
    save_detector(replace(_detector(), growth=growth), tmp_path)
    assert load_detector(tmp_path).growth == growth


def test_a_folder_from_before_spans_were_grown_is_read(tmp_path: Path) -> None:
    save_detector(replace(_detector(), growth=Growth((0,))), tmp_path)
    _edit(lambda settings: settings.pop("growth"))(tmp_path)
    assert load_detector(tmp_path).growth is None


def test_a_folder_from_before_kinds_of_reach_were_named_is_read(tmp_path: Path) -> None:
    save_detector(replace(_detector(), reach=Reach((0, 2))), tmp_path)
    _edit(lambda settings: settings["reach"].pop("kind"))(tmp_path)
    assert load_detector(tmp_path).reach == Reach((0, 2))


def _edit(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "detector.json"
        settings = json.loads(path.read_text(encoding="utf-8"))
        change(settings)
        path.write_text(json.dumps(settings), encoding="utf-8")

    return apply


def _cut(name: str, length: int) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:length])

    return apply


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "detector.json").unlink(), "holds no detector"),
        (lambda folder: (folder / "detector.safetensors").unlink(), "holds no detector"),
        (_cut("detector.json", 40), "damaged"),
        (_cut("detector.safetensors", 100), "damaged"),
        (_cut("detector.safetensors", 0), "damaged"),
        (lambda folder: (folder / "detector.safetensors").write_bytes(pickle.dumps({"a": 1})), "damaged"),
        (lambda folder: (folder / "detector.json").write_text("[]"), "not a detector"),
        (_edit(lambda settings: settings.update(format=99)), "format 99"),
        (_edit(lambda settings: settings.pop("threshold")), "incomplete"),
        (_edit(lambda settings: settings.update(threshold=2)), "incomplete"),
        (_edit(lambda settings: settings.update(threshold=float("nan"))), "incomplete"),
        (_edit(lambda settings: settings.update(reference="median")), "incomplete"),
        (_edit(lambda settings: settings.update(variant="os.system")), "incomplete"),
        (_edit(lambda settings: settings.update(watched=[1])), "incomplete"),
        (_edit(lambda settings: settings.update(layers=5)), "incomplete"),
        (_edit(lambda settings: settings.update(trained_layers=[0, 1, 2])), "incomplete"),
        (_edit(lambda settings: settings.update(heads=5)), "incomplete"),
        (_edit(lambda settings: settings.update(reach={"kind": "jointly", "layers": [0, 9]})), "incomplete"),
        (_edit(lambda settings: settings.update(reach={"kind": "guessing", "layers": [0]})), "incomplete"),
        (_edit(lambda settings: settings.update(reach={"layers": [0]})), "incomplete"),
        (_edit(lambda settings: settings.update(alongside=7)), "incomplete"),
        (_edit(lambda settings: settings.update(heads=10**6, keys=10**6)), "incomplete"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_missing_or_damaged_detector_is_refused(
    tmp_path: Path, damage: Callable[[Path], object], reason: str
) -> None:
    save_detector(_detector(), tmp_path)
    damage(tmp_path)
    with pytest.raises(DetectorError, match=reason) as refusal:
        load_detector(tmp_path)
    assert str(refusal.value).endswith(".")


def test_maps_of_another_shape_are_refused() -> None:
    valid = torch.ones(1, 9, dtype=torch.bool)
    with pytest.raises(DetectorError, match="4 heads and 17 columns, these have 4 and 9"):
        _detector().score(0, torch.full((1, 4, 9, 9), 1 / 9), valid, valid)


def test_a_network_with_numbers_that_are_none_raises_instead_of_flagging_nothing() -> None:
    detector = _detector()
    for parameter in detector.networks[0].parameters():
        parameter.data.fill_(float("nan"))
    model = build("vit")
    with pytest.raises(DetectorError, match="not a number"), hotfix(model, detector):
        model(**inputs("vit"))

"""Every defence on a tiny model with a detector whose flags are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from atpatch_core.attention import capture, hotfix
from atpatch_core.errors import DetectorError
from atpatch_core.evaluation.ablations import ablations
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.defences.always_on import always_on
from atpatch_core.evaluation.defences.catalogue import IMAGE_DEFENCES
from atpatch_core.evaluation.defences.contract import REFUSED, Answers, DefenderData, Suspects
from atpatch_core.evaluation.defences.fine_tuning import fine_tuned
from atpatch_core.evaluation.defences.no_rescale import shrink_only
from atpatch_core.evaluation.defences.oracle import oracle
from atpatch_core.evaluation.defences.patch_drop import PatchDrop, over_pixels, patch_drop
from atpatch_core.evaluation.defences.random_columns import ShuffledColumns
from atpatch_core.evaluation.defences.strip import Strip, strip
from atpatch_core.evaluation.defences.thresholds import conformal_cut
from atpatch_core.evaluation.defences.z_score import z_score
from atpatch_core.subjects.subject import Subject
from tests.support.tiny_models import RuleDetector, column, nothing

from .image_subject import image_subject, random_images

SUSPECT = RuleDetector(layers=3, watched=(1,), rule=column(7, head=2))
CLEAN = random_images(120, seed=1)
HAVE = DefenderData(CLEAN, false_positive_rate=0.05, seed=0)
JUDGED = random_images(40)


def _suspects(data: LabelledImages = JUDGED, covered: np.ndarray | None = None) -> Suspects:
    nobody = np.zeros((len(data), 16), dtype=bool)
    return Suspects(data.images, nobody if covered is None else covered, data.labels)


def _answers(name: str, subject: Subject) -> Answers:
    return IMAGE_DEFENCES[name].prepare(subject, HAVE).predict(subject, _suspects())


def _repaired(subject: Subject, detector: RuleDetector) -> np.ndarray:
    with torch.no_grad(), hotfix(subject.model, detector):
        found: np.ndarray = subject.model(**subject.encode(JUDGED.images)).logits.argmax(-1).numpy()
    return found


def test_the_subject_of_these_tests_knows_all_its_classes() -> None:
    assert np.bincount(JUDGED.labels, minlength=3).min() >= 5


@pytest.mark.parametrize("name", list(IMAGE_DEFENCES))
def test_every_defence_answers_all_images_alike_every_time_and_leaves_the_subject_alone(name: str) -> None:
    subject = image_subject(SUSPECT)
    weights = {key: value.clone() for key, value in subject.model.state_dict().items()}
    random = torch.get_rng_state()
    defence = IMAGE_DEFENCES[name].prepare(subject, HAVE)
    first, second = (defence.predict(subject, _suspects()) for _ in range(2))
    assert first.labels.shape == first.flagged.shape == (40,)
    assert first.flagged.dtype == bool
    assert np.array_equal(first.labels, second.labels)
    assert np.array_equal(first.flagged, second.flagged)
    assert set(first.labels.tolist()) <= {REFUSED, 0, 1, 2}
    assert all(torch.equal(value, weights[key]) for key, value in subject.model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert not subject.model.training
    assert subject.model.config._attn_implementation == "sdpa"


def test_atpatch_is_the_hotfix() -> None:
    subject = image_subject(SUSPECT)
    answers = _answers("atpatch", subject)
    assert np.array_equal(answers.labels, _repaired(subject, SUSPECT))
    assert answers.flagged.all()
    assert answers.scores is not None
    assert (answers.scores == 1).all()
    calm = image_subject(RuleDetector(3, (1,), nothing))
    assert np.array_equal(_answers("atpatch", calm).labels, JUDGED.labels)


def test_without_a_detector_what_builds_on_one_is_refused() -> None:
    for name in ("atpatch", "flagged-to-zero", "no-rescale", "random-columns", "painted-over"):
        with pytest.raises(DetectorError, match="has no detector"):
            IMAGE_DEFENCES[name].prepare(image_subject(), HAVE)


def test_other_references_are_those_of_the_hotfix() -> None:
    for name, share in (("flagged-to-zero", 0.0), ("flagged-to-uniform", 1 / 17)):
        expected = _repaired(image_subject(), RuleDetector(3, (1,), column(7, head=2), share=share))
        assert np.array_equal(_answers(name, image_subject(SUSPECT)).labels, expected), name


def test_without_rescaling_rows_lose_what_flagged_columns_lose() -> None:
    attention = torch.tensor([[[[0.7, 0.2, 0.1]]]])
    flagged = torch.tensor([[[True, True, False]]])
    after = shrink_only(attention, flagged, torch.tensor(0.3))
    torch.testing.assert_close(after, torch.tensor([[[[0.3, 0.2, 0.1]]]]))
    hidden = shrink_only(attention, flagged, torch.tensor(0.0), torch.tensor([False, True, True]))
    torch.testing.assert_close(hidden, torch.tensor([[[[0.7, 0.0, 0.1]]]]))


def test_random_columns_are_as_many_as_flagged_but_others() -> None:
    subject = image_subject(SUSPECT)
    seen: list[Tensor] = []

    def remember(attention: Tensor, flagged: Tensor, benign: Tensor, allowed: Tensor | None) -> Tensor:
        seen.append(flagged)
        return attention

    shuffled = ShuffledColumns(SUSPECT, seed=0)
    with torch.no_grad(), hotfix(subject.model, shuffled, formula=remember):
        subject.model(**subject.encode(JUDGED.images))
    (flagged,) = seen
    assert (flagged.sum(-1) == torch.tensor([0, 0, 1, 0])).all()
    assert flagged[:, 2, 7].float().mean() < 0.5


@pytest.mark.parametrize("name", ["no-fix", "random-columns", "always-on", "fine-tuning"])
def test_what_detects_nothing_itself_suspects_nobody(name: str) -> None:
    answers = _answers(name, image_subject(SUSPECT))
    assert answers.scores is None
    assert not answers.flagged.any()


def test_always_on_flags_one_column_of_each_watched_head() -> None:
    subject = image_subject(SUSPECT)
    with torch.no_grad(), hotfix(subject.model, always_on(subject, HAVE).highest) as fix:
        subject.model(**subject.encode(JUDGED.images))
    assert [one is not None for one in fix.flagged] == [False, True, False]
    assert fix.flagged[1] is not None
    assert (fix.flagged[1].sum(-1) == 1).all()


def test_a_z_score_keeps_its_false_positive_rate_and_finds_what_stands_out() -> None:
    subject = image_subject()
    defence = z_score(subject, HAVE)
    assert defence.predict(subject, _suspects(random_images(400, seed=3))).flagged.mean() < 0.15
    with torch.no_grad(), capture(subject.model) as maps:
        subject.model(**subject.encode(JUDGED.images))
    hijacked = maps.layers[0].clone()
    hijacked[:, 1, :, 5] = 0.9
    valid = torch.ones(len(hijacked), 17, dtype=torch.bool)
    scores = defence.detector.score(0, hijacked, valid, valid)
    assert (scores[:, 1, 5] >= 0.5).all()
    assert (scores.flatten(1).argmax(1) == 17 + 5).all()


def test_the_oracle_repairs_exactly_the_covered_columns_and_picks_the_better_way() -> None:
    subject = image_subject(SUSPECT)
    covered = np.zeros((len(JUDGED), 16), dtype=bool)
    covered[::2, 6] = True
    answers = oracle(subject, HAVE).predict(subject, _suspects(covered=covered))
    assert np.array_equal(answers.flagged, covered.any(1))
    assert np.array_equal(answers.labels[1::2], JUDGED.labels[1::2])
    every = [
        _repaired(subject, RuleDetector(3, layers, _every_head(7), share=share))[::2]
        for layers in ((1,), (0, 1, 2))
        for share in (0.02, 0.0)
    ]
    assert (answers.labels[::2] == JUDGED.labels[::2]).sum() == max((one == JUDGED.labels[::2]).sum() for one in every)


def _every_head(key: int) -> Callable[[int, Tensor], Tensor]:
    def rule(layer: int, attention: Tensor) -> Tensor:
        scores = nothing(layer, attention)
        scores[:, :, key] = 1.0
        return scores

    return rule


def test_strip_refuses_what_it_flags_and_keeps_its_rate() -> None:
    subject = image_subject()
    made = strip(subject, HAVE)
    answers = made.predict(subject, _suspects(random_images(400, seed=3)))
    assert answers.flagged.mean() < 0.2
    everything = Strip(made.space, made.overlays, 0, cut=-np.inf).predict(subject, _suspects())
    assert (everything.labels == REFUSED).all()
    assert answers.scores is not None
    assert (answers.scores <= 1e-9).all()
    assert (answers.scores >= -np.log2(3) - 1e-9).all()


def test_patch_drop_gives_flagged_images_another_answer_if_any_copy_has_one() -> None:
    subject = image_subject()
    made = patch_drop(subject, HAVE)
    values = subject.encode(JUDGED.images)["pixel_values"]
    labels, _, others = made.look(subject, values)
    assert np.array_equal(labels, JUDGED.labels)
    everything = PatchDrop(made.space, made.colour, 0, cut=-np.inf).predict(subject, _suspects())
    assert np.array_equal(everything.labels, others)
    assert (others != labels).any()
    assert np.array_equal(PatchDrop(made.space, made.colour, 0).predict(subject, _suspects()).labels, labels)
    patches = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    patches[0, 0, 1, 2] = True
    pixels = over_pixels(patches, made.space)[0, 0]
    assert pixels[2:4, 4:6].all()
    assert pixels.sum() == 4


def test_painting_over_hides_what_is_under_the_flagged_patch() -> None:
    subject = image_subject(SUSPECT)
    one, other = (np.asarray(JUDGED.images[0]).copy() for _ in range(2))
    other[2:4, 4:6] = 255 - other[2:4, 4:6]  # the patch of column 7: row 1, column 2
    pair = LabelledImages([Image.fromarray(one), Image.fromarray(other)], np.zeros(2, dtype=np.int64))
    answers = IMAGE_DEFENCES["painted-over"].prepare(subject, HAVE).predict(subject, _suspects(pair))
    assert answers.flagged.all()
    assert answers.labels[0] == answers.labels[1]


def test_fine_tuning_learns_the_given_labels() -> None:
    subject = image_subject()
    taught = LabelledImages(CLEAN.images, (CLEAN.labels + 1) % 3)
    defence = fine_tuned(subject, DefenderData(taught, 0.05, 0))
    labels = defence.predict(subject, _suspects(taught)).labels
    # Without tuning none would be the same.
    assert (labels == taught.labels).mean() > 0.1


def test_a_threshold_bounds_the_rate_and_never_asks_for_more_than_the_data_can_say() -> None:
    scores = np.arange(99.0)
    assert (scores >= conformal_cut(scores, 0.05)).sum() == 4
    assert (scores >= conformal_cut(scores, 0.01)).sum() == 0
    assert conformal_cut(scores, 1e-6) == np.nextafter(98.0, np.inf)
    with pytest.raises(ValueError, match="some clean inputs"):
        conformal_cut(np.empty(0), 0.1)


def test_ablations_change_one_part_each() -> None:
    subject = image_subject(SUSPECT)
    made = ablations(subject)
    assert {"no-fix", "atpatch", "flagged-to-zero", "no-rescale", "all-layers", "head-mean", "no-contrast"} < set(made)
    with pytest.raises(DetectorError, match="holds no detector"):
        made["no-contrast"].prepare(subject, HAVE)
    everywhere = made["all-layers"].prepare(subject, HAVE).predict(subject, _suspects())
    assert everywhere.flagged.all()
    assert np.array_equal(everywhere.labels, _repaired(subject, RuleDetector(3, (0, 1, 2), _every_head(7))))


def test_a_sweep_flags_the_share_it_is_named_after() -> None:
    def by_content(layer: int, attention: Tensor) -> Tensor:
        return attention.mean(-2).clamp(0, 1)

    subject = image_subject(RuleDetector(3, (0,), by_content, threshold=1.0))
    made = ablations(subject)
    flagged = [
        made[name].prepare(subject, HAVE).predict(subject, _suspects(CLEAN)).flagged.mean()
        for name in ("fpr-0.1%", "fpr-1%", "fpr-5%", "fpr-20%")
    ]
    assert flagged == pytest.approx([0, 0.0, 0.05, 0.2], abs=0.011)

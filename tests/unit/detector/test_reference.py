"""How much attention a flagged column may keep."""

from __future__ import annotations

import pytest
import torch

from atpatch_core.detector.reference import KINDS, benign_reference, mean_map

_MAPS = torch.tensor([[[[0.1, 0.6, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25]]]])
_VALID = torch.tensor([[True, True, True, True]])
_MEAN = torch.arange(8).reshape(1, 2, 4) / 10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_every_kind_fits_the_maps(kind: str, dtype: torch.dtype) -> None:
    reference = benign_reference(kind, _MAPS.to(dtype), _VALID, _MEAN)  # type: ignore[arg-type]
    assert reference.dtype == dtype
    assert reference.expand(_MAPS.shape).shape == _MAPS.shape
    assert ((reference >= 0) & (reference <= 1)).all()


def test_mean_uniform_and_zero() -> None:
    assert torch.equal(benign_reference("mean", _MAPS, _VALID, _MEAN), _MEAN)
    assert benign_reference("uniform", _MAPS, _VALID, _MEAN).item() == 0.25
    assert benign_reference("zero", _MAPS, _VALID, _MEAN).item() == 0


def test_uniform_counts_only_valid_keys() -> None:
    valid = torch.tensor([[True, True, False, False]])
    assert benign_reference("uniform", _MAPS, valid, _MEAN).item() == 0.5


def test_the_low_quantile_is_taken_row_by_row_among_valid_keys() -> None:
    row = torch.arange(21).float()
    row = torch.cat([row / row.sum(), torch.zeros(30)])
    valid = torch.arange(51)[None] < 21
    reference = benign_reference("low-quantile", row[None, None, None], valid, _MEAN)
    torch.testing.assert_close(reference.item(), (2 / torch.arange(21).sum()).item())


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="low-quantile"):
        benign_reference("median", _MAPS, _VALID, _MEAN)  # type: ignore[arg-type]


def test_the_mean_map_of_no_maps_is_zero() -> None:
    assert torch.equal(mean_map(_MAPS.repeat(3, 1, 1, 1)), _MAPS[0])
    assert torch.equal(mean_map(_MAPS[:0]), torch.zeros(1, 2, 4))

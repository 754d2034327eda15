"""Each family of tiny models in turn, and made-up inspections."""

from __future__ import annotations

import pytest

from tests.support.inspections import MakeInspection, made_inspection
from tests.support.tiny_models import MODELS


@pytest.fixture(params=MODELS)
def family(request: pytest.FixtureRequest) -> str:
    """The name of each model family in turn."""
    return str(request.param)


@pytest.fixture
def make_inspection() -> MakeInspection:
    """Build an inspection; whatever is not named is a triggered image that AtPatch repairs."""
    return made_inspection

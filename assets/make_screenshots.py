"""Take the README's screenshots from the running dashboard: `python assets/make_screenshots.py`.

Needs what is in `requirements-dev.txt`. Each picture is as small as PNG makes it: well below 300 kB.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.dashboard import PATIENCE, chromium, serve, settle, visit  # noqa: E402

FOLDER = ROOT / "assets" / "screenshots"
_FIRST = "subject=fashion-vit-badnets&sample=ankle-boot-triggered&layer=0&head=0"


def _drawn(page: Page) -> None:
    """Wait until every widget and chart is there and nothing moves any more."""
    settle(page)
    page.wait_for_function(
        "!document.querySelector('[data-testid=stSkeleton]') && "
        "[...document.querySelectorAll('.stPlotlyChart')].every((one) => one.querySelector('.main-svg'))",
        timeout=PATIENCE,
    )
    page.wait_for_timeout(1_000)


@contextmanager
def _opened(
    browser: Browser, address: str, width: int, height: int, scheme: Literal["light", "dark"], heading: str = "Triage"
) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    visit(page, address, heading)
    _drawn(page)
    yield page
    context.close()


def _save(page: Page, name: str, clip: FloatRect | None = None) -> None:
    image = Image.open(io.BytesIO(page.screenshot(clip=clip) if clip else page.screenshot())).convert("RGB")
    path = FOLDER / f"{name}.png"
    image.save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


def _hijacked_and_repaired(browser: Browser, app: str) -> None:
    with _opened(browser, f"{app}/?{_FIRST}&patch=off", 1280, 860, "light") as page:
        _save(page, "hijacked")
    with _opened(browser, f"{app}/?{_FIRST}&patch=on", 1280, 860, "light") as page:
        _save(page, "repaired")


def _maps(browser: Browser, app: str) -> None:
    """From the overview of all maps to the map in detail, in the dark."""
    with _opened(browser, f"{app}/?{_FIRST}&patch=off", 1280, 3_000, "dark") as page:
        top = page.get_by_role("heading", name="All attention maps").bounding_box()
        bottom = page.get_by_role("heading", name="Threshold", exact=True).bounding_box()
        assert top is not None
        assert bottom is not None
        clip: FloatRect = {"x": 60, "y": top["y"] - 16, "width": 1160, "height": bottom["y"] - top["y"]}
        _save(page, "maps", clip)


def _phone(browser: Browser, app: str) -> None:
    with _opened(browser, f"{app}/?{_FIRST}&patch=on", 390, 1_180, "light") as page:
        _save(page, "phone")


def _learn(browser: Browser, app: str) -> None:
    with _opened(browser, f"{app}/learn?step=3", 1280, 720, "light", "Learn") as page:
        _save(page, "learn")


def _compare(browser: Browser, app: str) -> None:
    """The pinned clean picture beside the triggered one."""
    reference = "reference=fashion-vit-badnets/sample/ankle-boot"
    with _opened(browser, f"{app}/?{_FIRST}&{reference}", 1280, 3_000, "light") as page:
        box = page.locator(".st-key-compare").bounding_box()
        assert box is not None
        clip: FloatRect = {"x": 60, "y": box["y"] - 12, "width": 1160, "height": box["height"] + 24}
        _save(page, "compare", clip)


SCENES: dict[str, Callable[[Browser, str], None]] = {
    "hijacked and repaired": _hijacked_and_repaired,
    "maps": _maps,
    "phone": _phone,
    "learn": _learn,
    "compare": _compare,
}


def main() -> None:
    """Take them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    settings = {"ATPATCH_MODELS": os.environ.get("ATPATCH_MODELS", str(ROOT / "sample_models"))}
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder), settings) as app, chromium() as browser:
        for scene in SCENES.values():
            scene(browser, app)


if __name__ == "__main__":
    main()

"""Take the documentation's screenshots from the running dashboard: `python assets/make_screenshots.py`.

Needs what is in `requirements-dev.txt`. Each image is as small as PNG makes it: well below 300 kB.
"""

from __future__ import annotations

import argparse
import io
import os
import re
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

from atpatch_core import load  # noqa: E402
from atpatch_core.evaluation.attacks import load_attacks  # noqa: E402
from atpatch_core.evaluation.datasets import LabelledImages, read_labelled_images  # noqa: E402
from atpatch_core.evaluation.evaluate import apply_trigger  # noqa: E402
from atpatch_core.labels import LabelStore  # noqa: E402
from atpatch_core.labels.intake import send_to_labelling  # noqa: E402
from tests.support.dashboard import PATIENCE, chromium, serve, settle, visit  # noqa: E402

FOLDER = ROOT / "assets" / "screenshots"
_MODEL = "fashion-vit-badnets"
_QUEUED = 24
_FIRST = f"subject={_MODEL}&sample=ankle-boot-triggered&layer=0&head=0"


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
    """The pinned clean image beside the triggered one."""
    reference = "reference=fashion-vit-badnets/sample/ankle-boot"
    with _opened(browser, f"{app}/?{_FIRST}&{reference}", 1280, 3_000, "light") as page:
        box = page.locator(".st-key-compare").bounding_box()
        assert box is not None
        clip: FloatRect = {"x": 60, "y": box["y"] - 12, "width": 1160, "height": box["height"] + 24}
        _save(page, "compare", clip)


def _evaluate(browser: Browser, app: str) -> None:
    """A comparison of some defences, run here and now."""
    chosen = "defences=no-fix,atpatch,oracle,z-score,always-on,painted-over&attacks=badnets&pictures=500"
    address = f"{app}/evaluate?subject={_MODEL}&{chosen}"
    with _opened(browser, address, 1280, 3_000, "light", "Evaluate") as page:
        page.get_by_role("button", name="Compare").click()
        verdict = page.get_by_text(re.compile("badnets turns .* of the images"))
        verdict.wait_for(timeout=3 * PATIENCE)
        _drawn(page)
        top = verdict.bounding_box()
        assert top is not None
        _save(page, "evaluate", {"x": 60, "y": top["y"] - 24, "width": 1160, "height": 960})


def _label(browser: Browser, app: str) -> None:
    with _opened(browser, f"{app}/label?subject={_MODEL}&annotator=ada", 1280, 860, "light", "Label") as page:
        page.locator(".sheet .list").wait_for(timeout=PATIENCE)
        _drawn(page)
        _save(page, "label")


def _detector(browser: Browser, app: str) -> None:
    """How good the shipped version is."""
    address = f"{app}/detector?subject={_MODEL}&version=shipped&on=test"
    with _opened(browser, address, 1280, 3_000, "dark", "Detector") as page:
        page.get_by_text("How the network sees columns").click()
        page.get_by_role("figure", name=re.compile("over-attended and .* benign columns")).wait_for(timeout=PATIENCE)
        _drawn(page)
        top = page.get_by_role("heading", name=re.compile("How good is")).bounding_box()
        bottom = page.get_by_role("figure", name=re.compile("over-attended and")).bounding_box()
        assert top is not None
        assert bottom is not None
        height = bottom["y"] + bottom["height"] - top["y"] + 16
        _save(page, "detector", {"x": 60, "y": top["y"] - 16, "width": 1160, "height": height})


SCENES: dict[str, Callable[[Browser, str], None]] = {
    "hijacked and repaired": _hijacked_and_repaired,
    "maps": _maps,
    "phone": _phone,
    "learn": _learn,
    "compare": _compare,
    "evaluate": _evaluate,
    "label": _label,
    "detector": _detector,
}


def _queue(address: str, models: Path) -> None:
    """Images to label, every third one with the trigger."""
    subject = load(models / _MODEL)
    data = read_labelled_images(models / _MODEL / "eval" / "images.parquet", subject.labels)
    some = LabelledImages(data.images[:_QUEUED], data.labels[:_QUEUED])
    trigger = load_attacks(models / _MODEL / "eval" / "attacks.json")["badnets"]
    triggered = apply_trigger(trigger, some).inputs.inputs
    with LabelStore.open(address) as store:
        for number, image in enumerate(some.images):
            content = subject.write(image if number % 3 else triggered[number])
            send_to_labelling(store, subject, content, f"camera 2, image {number + 1}", "a folder", subject.version)


def main() -> None:
    """Take them all, or those that are named."""
    parser = argparse.ArgumentParser(description="Take the documentation's screenshots from the running dashboard.")
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"of {', '.join(SCENES)}; default: all")
    asked = parser.parse_args().scenes or list(SCENES)
    if unknown := set(asked) - set(SCENES):
        parser.error(f"there is no scene {', '.join(unknown)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = Path(os.environ.get("ATPATCH_MODELS", ROOT / "sample_models"))
        labels = f"sqlite:///{folder / 'labels.sqlite'}"
        settings = {
            "ATPATCH_MODELS": str(models),
            "ATPATCH_DATABASE_URL": labels,
            "ATPATCH_TRAININGS": str(folder / "trainings"),
        }
        _queue(labels, models)
        with serve(folder, settings) as app, chromium() as browser:
            for scene in asked:
                SCENES[scene](browser, app)


if __name__ == "__main__":
    main()

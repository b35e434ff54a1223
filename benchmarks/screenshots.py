"""Makes the pictures of the documentation from a running stack, in a headless Chromium.

`python -m benchmarks.screenshots [--console URL] [--into docs/images] [--every FOLDER]`: before it `recops up`, another
promotion, `recops simulate --days 14` and a look of the monitor, so that there is something to see. With `--every` all
pages are taken, light and dark, 1280 and 400 pixels wide, to be looked at.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from console.warming import PAGES
from tests.chromium import Chromium

PROJECT = Path(__file__).parents[1]
HEIGHT = 820
COLOURS = 128
SHOWN = (*PAGES, "/sign-in")
DRESSES = tuple((width, scheme) for width in (1280, 400) for scheme in ("light", "dark"))


@dataclass(frozen=True)
class Shot:
    """One picture: what is shown, how wide and how dressed, and what is done there first."""

    name: str
    path: str
    width: int = 1280
    scheme: str = "light"
    do: Callable[[Chromium], None] = lambda _browser: None


def ask_as_somebody(browser: Chromium) -> None:
    """Asks as a user that training knows, and opens what stands behind the first place."""
    known = browser.run("document.querySelector('#users option').value")
    browser.run("document.querySelector('[name=who][value=known]').click(); 1")
    browser.fill("[name=user_id]", known)
    browser.click(".ask .primary")
    browser.until("document.querySelectorAll('.item').length > 0")
    browser.run("document.querySelector('.item details').open = true; window.scrollTo(0, 0); 1")


SHOTS = (
    Shot("console-loop", ""),
    Shot("console-loop-dark", "", scheme="dark"),
    Shot("console-narrow", "", width=400),
    Shot("console-narrow-dark", "", width=400, scheme="dark"),
    Shot("console-try", "/try", do=ask_as_somebody),
    Shot("console-quality", "/quality"),
    Shot("console-alerts", "/alerts"),
)


def take(browser: Chromium, console: str, shot: Shot, folder: Path) -> Path:
    """The picture, in few colours so that it stays small."""
    browser.dress(shot.width, HEIGHT, shot.scheme)
    browser.show(console + shot.path)
    shot.do(browser)
    path = folder / f"{shot.name}.png"
    browser.picture(path, whole=False)
    image = Image.open(BytesIO(path.read_bytes())).convert("RGB")
    image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def every_page() -> list[Shot]:
    """All pages in all dresses."""
    return [
        Shot(f"{page.strip('/').replace('?', '-').replace('=', '-') or 'loop'}-{width}-{scheme}", page, width, scheme)
        for page in SHOWN
        for width, scheme in DRESSES
    ]


def main() -> None:
    """Takes them, and says where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--console", default="http://127.0.0.1:8080/console")
    parser.add_argument("--into", type=Path, default=PROJECT / "docs" / "images")
    parser.add_argument("--every", type=Path, help="a folder for all pages, light and dark, wide and narrow")
    given = parser.parse_args()
    folder, shots = (given.into, SHOTS) if given.every is None else (given.every, every_page())
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, Chromium(Path(profile)) as browser:
        for shot in shots:
            print(take(browser, given.console, shot, folder))
        for complaint in browser.complaints:
            print(f"the browser complained: {complaint}")


if __name__ == "__main__":
    main()

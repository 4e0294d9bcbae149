"""Pictures of the pages, for the README: `python -m reports.screenshots` makes them from a simulated run.

It needs Debian's chromium and chromium-driver, which it drives by the WebDriver protocol, and pdftoppm of poppler-utils
for the printed page.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parent.parent
WORLD = "guide-as-written"
NOON = "1795348800"
"""When the run is said to have been, so that the pictures change only where the page does: noon in the worlds."""
FOLDER = ROOT / "reports" / "pictures"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
)  # fmt: skip


class BrowserMissing(Exception):
    """There is no Chromium or no ChromeDriver here; the message says which and what installs it."""


class Browser:
    """A headless Chromium: opens pages of this machine, runs scripts in them, and takes pictures of them."""

    def __init__(self, *, width: int = 1400, height: int = 1000) -> None:
        missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
        if missing:
            raise BrowserMissing(
                f"no {' and no '.join(missing)} here: apt-get install chromium chromium-driver"
            )
        self._folder = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        self._log = Path(self._folder.name) / "driver.log"
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0", f"--log-path={self._log}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "HOME": self._folder.name},
        )
        self._session = ""
        try:
            self._address = f"http://127.0.0.1:{self._port()}"
            flags = [
                *FLAGS,
                f"--user-data-dir={self._folder.name}/profile",
                f"--window-size={width},{height}",
            ]
            options = {"args": flags, "binary": shutil.which("chromium")}
            capabilities = {
                "alwaysMatch": {
                    "goog:chromeOptions": options,
                    "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                }
            }
            self._session = (
                f"/session/{self._call('POST', '/session', {'capabilities': capabilities})['sessionId']}"
            )
        except BaseException:
            self.close()
            raise

    def open(self, address: str) -> None:
        """Opens the page and waits until it is loaded."""
        self._call("POST", f"{self._session}/url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        """What the script's function body returns, as JSON; a promise is waited for."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": arguments})

    def tell(self, command: str, **parameters: Any) -> Any:
        """A command of Chromium's DevTools protocol."""
        return self._call("POST", f"{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def resize(self, width: int, height: int) -> None:
        """Sets the size of the viewport, in CSS pixels."""
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def emulate(self, *, media: str = "", dark: bool = False) -> None:
        """Shows the page as in print (`media="print"`), or to who prefers dark colours."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.tell("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def picture(self) -> bytes:
        """The viewport as PNG."""
        return base64.b64decode(self._call("GET", f"{self._session}/screenshot"))

    def pdf(self) -> bytes:
        """The page as it prints, on A4."""
        return base64.b64decode(
            self.tell("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
        )

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What was logged since the last time: `browser` for messages of pages, `performance` for DevTools' events."""
        entries: list[dict[str, Any]] = self._call("POST", f"{self._session}/se/log", {"type": kind})
        return entries

    def close(self) -> None:
        """Ends the browser."""
        try:
            if self._session:
                self._call("DELETE", self._session)
        finally:
            self._driver.terminate()
            self._driver.wait(10)
            self._folder.cleanup()

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _port(self) -> int:
        for line in self._driver.stdout or ():
            if "successfully on port" in line:
                return int(line.rpartition("on port")[2].strip(" .\n"))
        raise BrowserMissing(f"chromedriver ended with code {self._driver.wait(10)}")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._address + path, data, headers, method=method)
        # This machine's own driver is asked, never through a proxy.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            told = json.load(error)["value"]
            raise RuntimeError(f"{told['error']}: {told['message'].splitlines()[0]}") from error


def pictures(page: Path, folder: Path) -> list[Path]:
    """Takes the pictures of an audit page: its top by day and by night, the table with a result unfolded, and print."""
    made = []

    def keep(name: str, content: bytes) -> None:
        made.append(folder / name)
        made[-1].write_bytes(content)

    with Browser() as browser:
        for name, dark in (("audit-top.png", False), ("audit-dark.png", True)):
            browser.emulate(dark=dark)
            browser.resize(1400, 1180)
            browser.open(page.as_uri())
            keep(name, browser.picture())
        browser.emulate()
        browser.open(f"{page.as_uri()}#status=non_compliant,inconclusive")
        browser.run("document.querySelector('details.row').open = true;")
        keep("audit-results.png", browser.picture())
        with tempfile.TemporaryDirectory() as scratch:
            printed = Path(scratch) / "audit.pdf"
            printed.write_bytes(browser.pdf())
            subprocess.run(
                [
                    "pdftoppm",
                    "-png",
                    "-r",
                    "80",
                    "-l",
                    "1",
                    "-singlefile",
                    str(printed),
                    str(folder / "audit-print"),
                ],
                check=True,
            )
            made.append(folder / "audit-print.png")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Runs the suite on a world, takes the pictures of its audit page, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m reports.screenshots", description=__doc__)
    parser.add_argument(
        "--world", default=WORLD, help=f"the simulated machine and account (default: {WORLD})"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    chosen = parser.parse_args(arguments)
    if shutil.which("pdftoppm") is None:
        parser.exit(1, "no pdftoppm here: apt-get install poppler-utils\n")
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pytest", "checks/", "--world", chosen.world]
        # Not on the command line, which the page quotes.
        hidden = {"PYTEST_ADDOPTS": f"-q --report-dir={scratch}/report", "SOURCE_DATE_EPOCH": NOON}
        environment = {**os.environ, **hidden}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        page = Path(scratch) / "report" / "audit.html"
        if not page.is_file():
            parser.exit(1, f"the run made no audit.html:\n{done.stdout[-2000:]}\n")
        try:
            for picture in pictures(page, chosen.folder):
                sys.stdout.write(f"{picture}\n")
        except BrowserMissing as error:
            parser.exit(1, f"{error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A page in headless Chromium, with a script of the test's own at its end."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = Path(os.environ.get("AXE_CORE", "node_modules/axe-core/axe.min.js"))
LIGHT, DARK = 1, 0

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (apt install chromium)")
needs_axe = pytest.mark.skipif(
    not AXE.is_file(), reason="no axe-core: npm install axe-core, or AXE_CORE=path/of/axe.min.js"
)


def answers(page: str, script: str, folder: Path, scheme: int = LIGHT, before: str = "") -> Any:
    """What an asynchronous function body returns in the page; fails on any error or message in its console.

    Args:
        page: HTML of the page.
        script: The body, in JavaScript; what it returns must fit into JSON.
        folder: For files of this call.
        scheme: ``LIGHT`` or ``DARK``.
        before: A script that is loaded before, as text.
    """
    listening = "<script>window.errors = []; addEventListener('error', (e) => errors.push(String(e.message)));</script>"
    asking = (
        f"<script>{before}</script><script>addEventListener('load', async () => {{ let answer; try {{ answer = await "
        f"(async () => {{ {script} }})(); }} catch (e) {{ errors.push(String(e)); }} const out = "
        "document.createElement('pre'); out.id = 'answer'; out.textContent = JSON.stringify({ answer, errors }); "
        "document.body.append(out); }, { once: true });</script>"
    )
    file = folder / "page.html"
    whole = page.replace("<head>", f"<head>{listening}", 1)
    file.write_text(whole.replace("</body>", f"{asking}</body>", 1), encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    command += [f"--user-data-dir={folder / 'profile'}", "--window-size=1200,900"]
    command += [f"--blink-settings=preferredColorScheme={scheme}", "--virtual-time-budget=20000", "--dump-dom"]
    done = subprocess.run([*command, file.as_uri()], capture_output=True, text=True, timeout=300)
    told = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not told, told
    found = re.search(r'<pre id="answer">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    read = json.loads(html.unescape(found[1]))
    assert read["errors"] == []
    return read.get("answer")

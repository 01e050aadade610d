"""Files in a browser: chosen, dropped, refused by name, removed and brought back; never run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.factories import PNG

pytestmark = pytest.mark.browser

MIA = "mia@northwind.example"
N = "/w/northwind"
EVIL = b"<script>document.title = 'ran'</script><h1>evil</h1>"
DROP = """(section) => {
  const held = new DataTransfer();
  held.items.add(new File(["dropped words"], "dropped.txt"));
  const how = { dataTransfer: held, bubbles: true, cancelable: true };
  return ["dragover", "drop"].map((name) => section.dispatchEvent(new DragEvent(name, how)));
}"""
FRAME = """(url) => {
  const frame = Object.assign(document.createElement("iframe"), { src: url });
  document.body.append(frame);
}"""


def of(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_files_hang_on_a_card_and_no_browser_runs_them(reader):
    window = reader(MIA)
    page = window.page
    page.goto(f"{N}/backlog/")
    key = page.locator("[data-key]").first.get_attribute("data-key")
    page.goto(f"{N}/tasks/{key}/")
    files = page.locator("#files")
    several = [of("dot.png", PNG), of("evil.html", EVIL), of("setup.txt.exe", b"MZ" + b"\0" * 80)]
    # more than 1 MB: the gate asks first who sends it
    files.locator("input[type=file]").set_input_files(
        [*several, of("long.csv", b"a,b\n" * 500_000)]
    )
    expect(files.locator(".file")).to_have_count(3)
    expect(files.locator(".is-refused")).to_have_text(
        "setup.txt.exe is a program. Programs cannot be attached."
    )
    assert page.evaluate(f"({DROP})(document.getElementById('files'))") == [False, False]
    expect(files.get_by_role("link", name="dropped.txt")).to_be_visible()

    evil = files.get_by_role("link", name="evil.html")
    with page.expect_download() as saved:
        evil.click()
    assert saved.value.path().read_bytes() == EVIL
    opened = window.context.new_page()
    shown = opened.goto(f"{N}/")
    assert shown.ok
    opened.evaluate(FRAME, evil.get_attribute("href"))
    opened.wait_for_timeout(300)
    assert "ran" not in opened.title()

    files.get_by_role("button", name="Remove dropped.txt").click()
    expect(files.locator(".file")).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(re.compile("#files$"))
    expect(page.locator("#files .file")).to_have_count(4)


def test_files_come_by_a_plain_form(reader):
    page = reader(MIA, java_script_enabled=False).page
    page.goto(f"{N}/backlog/")
    key = page.locator("[data-key]").last.get_attribute("data-key")
    page.goto(f"{N}/tasks/{key}/")
    page.set_input_files("#files input[type=file]", [of("a.txt", b"words"), of("b.png", b"words")])
    page.get_by_role("button", name="Send what was chosen").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("b.png is not what its name says"))
    expect(page.get_by_role("link", name="a.txt")).to_be_visible()

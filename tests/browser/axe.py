"""axe-core in a page: what it finds wrong there, in the light and in the dark."""

from __future__ import annotations

from pathlib import Path

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ASK = """rules => axe.run(document, {
    resultTypes: ["violations"], ...(rules && { runOnly: { type: "rule", values: rules } }),
}).then(found => found.violations.flatMap(rule => rule.nodes.map(
    node => `${rule.id}: ${node.target.join(" ")} ${node.failureSummary}`
)))"""


# colours change at once, so that what is measured is what stays
STILL = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, ::before, ::after { transition: none !important }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def violations(page, rules: list[str] | None = None) -> list[str]:
    """Return what axe says of a page; it is put in past the policy, as a debugger would."""
    if not page.evaluate("'axe' in window"):
        debugger = page.context.new_cdp_session(page)
        debugger.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        debugger.detach()
        page.evaluate(STILL)
    return list(page.evaluate(ASK, rules))


def dark(page) -> list[str]:
    """Return what has too little contrast in the dark."""
    page.emulate_media(color_scheme="dark")
    page.evaluate(PAINTED)
    found = violations(page, ["color-contrast"])
    page.emulate_media(color_scheme="light")
    page.evaluate(PAINTED)
    return found

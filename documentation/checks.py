"""What a built site is checked for: every link and anchor leads somewhere, and nothing comes from another host."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {("script", "src"), ("link", "href"), ("img", "src"), ("source", "src"), ("iframe", "src"), ("object", "data")}
"""What a browser fetches by itself."""
NOT_FETCHED = {"canonical", "alternate", "next", "prev", "author", "search", "index"}
"""Values of ``rel`` of a ``link`` that only tell."""


class Page(HTMLParser):
    """The anchors of a page, what it links to, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of what a tag says."""
        told = {name: value or "" for name, value in attrs}
        self.anchors |= {told[name] for name in ("id", "name") if told.get(name)}
        for name, value in told.items():
            if (tag, name) in LOADED and not NOT_FETCHED & set(told.get("rel", "").split()):
                self.loads.append(value)
            elif (tag, name) == ("a", "href"):
                self.links.append(value)


def faults(site: Path) -> list[str]:
    """Tell what is wrong with a site, a line each."""
    files = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in files}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site)
        found += [f"{name}: loads {load}" for load in page.loads if urlsplit(load).netloc]
        for link in (*page.links, *page.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                found.append(f"{name}: {link} leads nowhere")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                found.append(f"{name}: {link} has no such heading")
    styles = [*site.rglob("*.css")]
    found += [f"{path.relative_to(site)}: loads from another host" for path in styles if foreign(path)]
    return found


def foreign(style: Path) -> bool:
    """Whether a style sheet names another host to load from."""
    text = style.read_text(encoding="utf-8").replace('"', "").replace("'", "")
    return any(f"{word}{scheme}" in text for word in ("url(", "@import ") for scheme in ("http:", "https:", "//"))

"""Writes the pages of docs/reference anew."""

from __future__ import annotations

from reference.pages import FOLDER, PAGES


def main() -> None:
    """Write every page and say which."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    main()

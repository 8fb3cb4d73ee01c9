"""How Sphinx makes the site. Nothing in it is loaded from another host."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent

project = "airflow-provider-azureml"
author = "the authors of airflow-provider-azureml"
# The newest heading of the changelog: the version of a release, else that there is none yet.
version = release = re.findall(r"^## (.+)$", (HERE.parent / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[
    0
]

extensions = ["myst_parser", "sphinx_copybutton"]
nitpicky = True
# Headings are linked to as GitHub does: the pages are read there, too.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline"]

html_theme = "pydata_sphinx_theme"
html_title = project
templates_path = [str(HERE / "templates")]
html_static_path = [str(HERE / "static")]
html_css_files = ["pages.css"]
html_search_scorer = str(HERE / "scorer.js")
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["licence"],
    "footer_end": [],
    "navigation_with_keys": False,
}
html_sidebars: dict[str, list[str]] = {"index": []}

"""Every test of the project; the folders mirror the sources."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
"""The folder of the project."""

"""Tests of the room that answers for what lies around the workspace."""

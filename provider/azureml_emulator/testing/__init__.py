"""Tests of other people's DAGs: a pytest plugin that brings them an emulator."""

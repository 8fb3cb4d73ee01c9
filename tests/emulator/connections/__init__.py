"""Connections of the workspace, at the emulator."""

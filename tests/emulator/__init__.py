"""Tests of the emulator: real clients, real TLS, real processes."""

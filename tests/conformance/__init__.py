"""Microsoft's own client, unchanged, against the emulator."""

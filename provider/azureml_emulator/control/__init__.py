"""The emulator's own controls: faults and the journal."""

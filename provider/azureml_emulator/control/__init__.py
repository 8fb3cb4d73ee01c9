"""The emulator's own controls: faults, the journal, and the clocks of what changes with time."""

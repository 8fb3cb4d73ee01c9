"""What a region has to give, at the emulator."""

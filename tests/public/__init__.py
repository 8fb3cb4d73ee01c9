"""Microsoft's public pipelines and sweeps, run by the operator against the emulator: by hand, for it takes long."""

"""Scripts that run inside of deployments, under their own interpreters: they import nothing of the emulator."""

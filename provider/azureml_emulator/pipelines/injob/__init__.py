"""Scripts that run inside of steps, under the steps' own interpreters: they import nothing of the emulator."""

"""Scripts that run inside of jobs, under the jobs' own interpreters: they import nothing of the emulator."""

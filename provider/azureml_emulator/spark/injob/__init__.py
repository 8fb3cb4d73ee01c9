"""What runs inside of Spark jobs, under their interpreters; it imports nothing of the emulator."""

"""Studio: pages of jobs for a browser on this machine."""

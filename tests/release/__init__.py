"""What is looked at before a release, and the files that GitHub reads."""

"""Tests of the file system of `azureml://` paths, against the emulator."""

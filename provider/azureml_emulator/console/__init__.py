"""The command ``azureml-emulator``: starts, finds, asks and stops an emulator."""

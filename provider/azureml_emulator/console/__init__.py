"""The command ``azureml-emulator``: starts, finds, inspects, changes and stops an emulator."""

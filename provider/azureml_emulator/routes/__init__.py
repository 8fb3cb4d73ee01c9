"""One module for each service that the emulator answers for; each exports ``ROUTES``."""

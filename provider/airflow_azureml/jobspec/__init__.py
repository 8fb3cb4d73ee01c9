"""CLI v2 YAML to request bodies: what a job file means, without asking the service and without uploading anything."""

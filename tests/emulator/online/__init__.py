"""Online endpoints, deployments and how they score."""

"""What lies around the workspace: the tenant, its subscription, and the resource group."""

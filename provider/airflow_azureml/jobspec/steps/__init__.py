"""The steps of a pipeline file as jobs of their own, for whoever runs them one by one."""

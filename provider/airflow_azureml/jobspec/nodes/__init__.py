"""What all nodes of a pipeline share: components, inputs and outputs, and the graph of their bindings."""

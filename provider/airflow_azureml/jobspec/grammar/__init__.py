"""The grammar that all kinds of job share: references, inputs and outputs, bindings, environments, resources."""

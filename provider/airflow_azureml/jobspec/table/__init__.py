"""Tables of fields: what a key is called in a request, how its value is converted, and how mistakes are reported."""

"""一网通办: the catalogue of service items, and the handling of what people apply for."""

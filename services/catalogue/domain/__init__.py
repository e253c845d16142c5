"""The rules of the catalogue, pure: items.py and applications.py hold a machine each, merging.py the import."""

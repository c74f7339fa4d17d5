"""The foundations: values, schemas, the order key, disk and registry."""

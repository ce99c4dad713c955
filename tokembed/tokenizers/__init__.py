"""How text is cut: one method a file, named in the registry."""

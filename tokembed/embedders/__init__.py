"""How vectors are made: one method a file, named in the registry."""

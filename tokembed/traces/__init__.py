"""How a result came about, step by step with its numbers: one method a file, found by the method's name."""

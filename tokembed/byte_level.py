"""The printable characters that byte-level BPE writes bytes as.

Source: openai/gpt-2, encoder.py, `bytes_to_unicode`.
"""

_PRINTABLE = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]
BYTE_SYMBOLS = {byte: chr(byte) for byte in _PRINTABLE} | {byte: chr(256 + n) for n, byte in enumerate(_OTHERS)}
"""The printable character that stands for each byte, in the order of the vocabulary's first 256 tokens."""
SYMBOL_BYTES = {symbol: byte for byte, symbol in BYTE_SYMBOLS.items()}

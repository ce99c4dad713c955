"""A page as HTML: the template filled, with its style and its script inside.

Texts may hold anything. The template escapes every text, data for the script is JSON without `<`, and the page's own
policy lets a browser run this one script and load nothing.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tokembed.report.parts import Page

_HERE = Path(__file__).parent
_NOT_IN_SCRIPTS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def html(page: Page, readable: Callable[[str], str]) -> bytes:
    """The page, UTF-8; the same page gives the same bytes.

    Args:
        readable: a text as it is to be seen, without control characters.
    """
    style, script = (_HERE.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    environment = Environment(
        loader=FileSystemLoader(_HERE, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # What is Markup stands in this folder; all else comes from texts.
        finalize=lambda value: readable(value) if type(value) is str else value,
    )
    shown = environment.get_template("template.html.j2").render(
        page=page,
        policy=Markup(_policy(style, script)),
        style=Markup(style),
        script=Markup(script),
        tokens=Markup(_json(page.tokens)),
    )
    return shown.encode("utf-8", "replace")


def _policy(style: str, script: str) -> str:
    """What a browser may do: use this style and this script, and nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    """Source: W3C, Content Security Policy Level 3, section 2.3.1, hash-source."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_NOT_IN_SCRIPTS)

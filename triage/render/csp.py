"""The Content-Security-Policy of the report: nothing loads, and only our own style and script run.

Content Security Policy Level 3 (W3C): a hash source is the base64 of the SHA-256 of the element's text, byte for byte.
"""

import base64
import hashlib


def hash_source(text: str) -> str:
    """The hash source of an inline element whose text is `text`."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def policy(style: str, script: str) -> str:
    """The policy for a page with this one style and this one script.

    `img-src data:` is for the empty icon that keeps browsers from asking a server for one.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {hash_source(style)}",
            f"script-src {hash_source(script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )

"""HTML pages with the headers that keep other pages and foreign scripts away from them."""

import base64
import hashlib
import re

from starlette.responses import HTMLResponse

_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def page(html: str | bytes) -> HTMLResponse:
    """Return a page that runs its own scripts alone, is shown in no frame, and tells no other site its address.

    Only the scripts written in it run, and those of the service's own files. It may call the token issuer, wherever
    that is. Strict-Transport-Security is set by the proxy that has the certificate.
    """
    content = html.encode() if isinstance(html, str) else html
    hashes = [hashlib.sha256(script).digest() for script in _INLINE_SCRIPT.findall(content)]
    scripts = " ".join(["'self'", *(f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes)])
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self' https:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(content, headers=headers)

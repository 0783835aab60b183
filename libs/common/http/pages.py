"""HTML pages with the headers that keep other pages and foreign scripts away from them."""

import base64
import hashlib
import re

from starlette.responses import HTMLResponse

_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def page(html: str | bytes, *, status: int = 200, forms_lead_to: str = "") -> HTMLResponse:
    """Return a page that runs its own scripts alone, is shown in no frame, and tells no other site its address.

    Only the scripts written in it run, and those of the service's own files. It may call the token issuer, wherever
    that is. Its forms may lead to the web origin `forms_lead_to` besides its own. Strict-Transport-Security is set by
    the proxy that has the certificate.
    """
    content = html.encode() if isinstance(html, str) else html
    hashes = [hashlib.sha256(script).digest() for script in _INLINE_SCRIPT.findall(content)]
    scripts = " ".join(["'self'", *(f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes)])
    forms = f"'self' {forms_lead_to}".rstrip()
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        f"font-src 'self' data:; connect-src 'self' https:; form-action {forms}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(content, status, headers=headers)

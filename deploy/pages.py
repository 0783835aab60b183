"""The style of the pages that are shown outside the services: readable on a phone, in British English."""

from html import escape

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #212b32; background: #f0f4f5; margin: 0; overflow-wrap: anywhere }
main { max-width: 48rem; margin: 0 auto; padding: .5rem 1rem 3rem; background: #fff }
h1 { color: #005eb8; margin: .5rem 0 0 } h2 { margin: 2rem 0 .3rem } h3 { margin: 1.4rem 0 .2rem }
ul { padding-left: 1.2rem } li { margin: .3rem 0 } dt { font-weight: 600; margin-top: .6rem } dd { margin: 0 }
table { border-collapse: collapse } td, th { text-align: left; padding: .25rem .8rem .25rem 0; vertical-align: top }
tr { border-bottom: 1px solid #d8dde0 } a { color: #005eb8 } summary { cursor: pointer }
code { background: #f0f4f5; padding: .05rem .3rem; font-size: .9em }
pre { white-space: pre-wrap; background: #f0f4f5; padding: .6rem; font-size: .85em }
"""


def document(title: str, content: str, *, again: bool = False) -> str:
    """Return an HTML document in the page's style; with `again` it reloads by itself."""
    refresh = "<script>setTimeout(() => location.reload(), 3000)</script>" if again else ""
    return (
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>{escape(title)}</title>{refresh}'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{content}</main></body></html>"
    )

"""The console: what planners, finance leads, governance leads and operators see of Footprint, in a browser.

A client of the four services over HTTP, like any other: it asks with the signed-in person's own token, reads no
database, and computes no answer of the domain. Its packages are the nouns of its pages, from the lowest layer up:

- `core`: what every page needs: asking the services, the two times, forms and refusals, templates
- `charts`: drawings of figures, made on the server
- `signin`: OpenID Connect and sessions
- a package a group of screens, each with its pages, its shaping and its templates
"""

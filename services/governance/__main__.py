"""`python -m services.governance serve | migrate | rebuild | ...`."""

from libs.common.process.start import uncollected

with uncollected():
    from libs.common.service.cli import run
    from services.governance.app import SERVICE

run(SERVICE)

"""`python -m services.finance serve | migrate | rebuild | ...`."""

from libs.common.process.start import uncollected

with uncollected():
    from libs.common.service.cli import run
    from services.finance.app import SERVICE

run(SERVICE)

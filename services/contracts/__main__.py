"""`python -m services.contracts serve | migrate | rebuild | ...`."""

from libs.common.process.start import uncollected

with uncollected():
    from libs.common.service.cli import run
    from services.contracts.app import SERVICE

run(SERVICE)

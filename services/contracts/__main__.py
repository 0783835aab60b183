"""`python -m services.contracts serve | migrate | rebuild | ...`."""

from libs.common.service.cli import run
from services.contracts.app import SERVICE

run(SERVICE)

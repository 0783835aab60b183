"""`python -m services.governance serve | migrate | rebuild | ...`."""

from libs.common.cli import run
from services.governance.app import SERVICE

run(SERVICE)

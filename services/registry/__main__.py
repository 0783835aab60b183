"""`python -m services.registry serve | migrate | import-ods FOLDER | ...`."""

from libs.common.service.cli import Command, run
from services.registry.app import SERVICE
from services.registry.imports import cli

run(SERVICE, import_ods=Command("Import real ODS files from a folder", cli.import_ods, cli.arguments))

"""`python -m services.registry serve | migrate | import-ods FOLDER | restate FILE | ...`."""

from libs.common.process.start import uncollected

with uncollected():
    from libs.common.service.cli import Command, run
    from services.registry.app import SERVICE
    from services.registry.crosswalks import cli as crosswalks
    from services.registry.imports import cli as imports

run(
    SERVICE,
    import_ods=Command("Import real ODS files from a folder", imports.import_ods, imports.arguments),
    restate=Command("Restate a table of codes or figures onto another day", crosswalks.restate, crosswalks.arguments),
)

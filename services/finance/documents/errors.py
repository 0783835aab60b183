"""Why a document is refused."""

from libs.common.errors import Conflict, NotFound


class DocumentNotFound(NotFound):
    """You have requested no document of this reference.

    It does not exist, another caller requested it, or your token acts for other organisations than then.
    Request the report's document yourself: one that was written already is there at once.
    """


class DocumentNotWritten(Conflict):
    """The document is not written yet, could not be, or is no longer kept.

    Read the document: its state and reason say whether it waits, is written, failed, or was discarded. A discarded one
    is written again once you request the report's document again.
    """

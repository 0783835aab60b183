"""Why a document is refused."""

from libs.common.errors import Conflict, NotFound


class DocumentNotFound(NotFound):
    """You have requested no document of this reference.

    It does not exist, another caller requested it, or your token acts for other organisations than then.
    Request the report's document yourself: one that was written already is there at once.
    """


class DocumentNotWritten(Conflict):
    """The document is not written yet, or could not be.

    Read the document: its state says whether it waits, is written, or failed.
    """

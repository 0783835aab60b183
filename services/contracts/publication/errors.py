"""Refusals of publication."""

from libs.common.errors import Conflict, NotFound


class RecordNotFound(NotFound):
    """No contracting process with this ocid is published.

    `GET /ocds/releases` lists what customers have published. A draft is published by no act.
    """


class NothingToPublish(Conflict):
    """Only a contract that is signed can be published.

    It is a draft, waits for a body that is not established, or was refused by it. Publish it once it is binding.
    """


class ExtensionFileNotFound(NotFound):
    """The extension has no such file.

    `detail` lists those that there are.
    """

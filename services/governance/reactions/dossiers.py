"""Copies the events of every publisher that may belong to the dossier of a decision."""

from services.governance.dossiers.events import ATTACHMENTS, note
from services.governance.dossiers.models import dossier_events
from services.governance.reactions.base import subscriptions

subscriptions.notes(dossier_events, *ATTACHMENTS)(note)

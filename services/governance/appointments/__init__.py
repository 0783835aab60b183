"""Appointments: one person in one post of one body, with its days.

Publishes AppointmentMade, AppointmentEnded and PostFellVacant.
"""

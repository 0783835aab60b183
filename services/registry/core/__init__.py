"""What every package of the registry is built on: organisations and what is recorded of them, in two times.

Tables, codes and kinds; recording what an event states; the present state of locked bodies; reading one body or many as
at a day, as known at an instant; statements and beliefs of successions.
"""

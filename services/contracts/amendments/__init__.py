"""Lines and conditions of a signed contract change, within the limits of its procurement (rule EXIT-6).

Its signed text stays as it is. Publishes ContractVaried (amended), ExitTermsStated and NoticeDatesStated.
"""

"""The registry in FHIR R4, in the shape of the NHS ODS FHIR API: mapping, questions and reads; no web."""

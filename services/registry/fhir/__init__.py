"""The registry in FHIR R4, in the shape of the NHS ODS FHIR API: search, reading and mapping."""
